"""What the gateway tells of its own time and of its services', in both lanes."""

from pathlib import Path

from prometheus_client import REGISTRY

from tests.integration.gateway.conftest import ready
from tests.integration.gateway.running_gateway import run_gateway
from tests.integration.gateway.scripted_service import get, read_answer, scripted
from tests.ports import free_port
from tests.told import Grown, told
from tests.waiting import eventually

_OWN, _THEIRS = "gateway_own_seconds_count", "gateway_upstream_seconds_count"
_USERS = {"upstream": "user_service"}


def connections(state: str) -> float:
    """Return how many there are to user_service, of all instances."""
    families = REGISTRY.restricted_registry(["gateway_upstream_connections"]).collect()
    wanted = {**_USERS, "state": state}
    return sum(each.value for family in families for each in family.samples if wanted.items() <= each.labels.items())


async def test_time_of_the_service_is_told_apart_from_the_gateways_in_both_lanes(
    tmp_path: Path, valkey_url: str
) -> None:
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        token = gateway.bearer()["Authorization"]
        fast, slow = Grown(_OWN, lane="fast"), Grown(_OWN, lane="slow")
        theirs = Grown(_THEIRS, "gateway_upstream_seconds_sum", **_USERS)
        valkey = Grown("gateway_valkey_seconds_count")
        async with gateway.connection() as (reader, writer):
            for _ in range(4):  # the first is for the slow lane
                writer.write(get(gateway, token=token))
                await read_answer(reader)
            assert (fast[_OWN], slow[_OWN], theirs[_THEIRS]) == (3, 1, 4)
            assert valkey["gateway_valkey_seconds_count"] >= 4
            service.held.clear()
            writer.write(get(gateway, token=token))
            await eventually(lambda: service.has_been_asked(5))
            assert theirs[_THEIRS] == 4  # it is still waiting
            service.held.set()
            await read_answer(reader)
        assert theirs[_THEIRS] == 5
        assert theirs["gateway_upstream_seconds_sum"] > 0


async def test_requests_that_reach_no_service_have_no_time_of_one(tmp_path: Path, valkey_url: str) -> None:
    async with scripted(tmp_path, valkey_url) as (gateway, _):
        theirs = Grown(_THEIRS, **_USERS)
        missing = Grown("http_problems_total", code="not_found")
        async with gateway.client.get(f"{gateway.url}/nothing") as answer:
            assert answer.status == 404
        assert theirs[_THEIRS] == 0
        assert missing["http_problems_total"] == 1


async def test_service_that_is_away_is_told_with_its_error(tmp_path: Path, valkey_url: str) -> None:
    """R1"""
    place = f"127.0.0.1:{free_port()}"
    failures = Grown("gateway_upstream_failures_total", error="connection_refused", **_USERS)
    async with run_gateway(tmp_path, valkey_url, USER_URL=f"http://{place}") as gateway:
        await ready(gateway)
        assert told("gateway_upstream_instance_up", instance=place, **_USERS) == 1
        for _ in range(6):
            async with gateway.client.get(f"{gateway.url}/open") as answer:
                assert answer.status == 503
        assert failures["gateway_upstream_failures_total"] >= 5
        assert told("gateway_upstream_instance_up", instance=place, **_USERS) == 0
    assert told("gateway_upstream_instance_up", instance=place, **_USERS) == 0


async def test_connections_to_a_service_are_told_by_what_they_do(tmp_path: Path, valkey_url: str) -> None:
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        service.held.clear()
        async with gateway.connection() as (reader, writer):
            writer.write(get(gateway, token=gateway.bearer()["Authorization"]))
            await eventually(lambda: service.has_been_asked(1))
            assert connections("active") == 1
            service.held.set()
            await read_answer(reader)
        assert (connections("active"), connections("idle")) == (0, 1)
