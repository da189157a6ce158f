"""Limits as clients and operators meet them: what a request costs, and limits that are only tried out."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest
from redis import asyncio as aioredis

from gateway.limits.decision import _DECISIONS
from gateway.valkey import budget
from tests.integration.gateway.conftest import ready
from tests.integration.gateway.running_gateway import TABLE, RunningGateway, route, run_gateway
from tests.integration.gateway.test_program import process, up, variables
from tests.integration.gateway.workers import run_workers

LIMITS = """
[limits.weighed]
policy = "10 per hour, 1000 per day"
key = "address"

[limits.tried]
policy = "3 per hour"
key = "address"
dry_run = true
"""
ROUTES = TABLE + LIMITS + route("dear", limit="weighed") + "cost = 4\n" + route("cheap", limit="weighed")
ROUTES += route("tried", limit="tried")
PATIENT = "tests.integration.gateway.patient_gateway"


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "SECONDS", 5.0)


def counted(limit: str, outcome: str) -> float:
    return float(_DECISIONS.labels(limit, outcome).value)


async def asked(gateway: RunningGateway, path: str) -> tuple[int, dict[str, str]]:
    async with gateway.client.get(f"{gateway.url}{path}") as answer:
        return answer.status, {k: v for k, v in answer.headers.items() if k.startswith(("RateLimit", "Retry"))}


def written(folder: Path) -> dict[str, str]:
    (folder / "own.toml").write_text(ROUTES)
    return {"ROUTES_FILE": str(folder / "own.toml")}


async def test_headers_tell_what_is_left_after_the_cost(tmp_path: Path, valkey_url: str) -> None:
    before = counted("weighed", "allowed"), counted("weighed", "limited")
    async with run_gateway(tmp_path, valkey_url, **written(tmp_path)) as gateway:
        await ready(gateway)
        told = [await asked(gateway, path) for path in ("/dear", "/dear", "/dear", "/cheap", "/cheap", "/cheap")]
    assert [status for status, _ in told] == [200, 200, 429, 200, 200, 429]
    assert [headers["RateLimit-Remaining"] for _, headers in told] == ["6", "2", "2", "1", "0", "0"]
    for status, headers in told:
        assert headers["RateLimit-Limit"] == "10"
        assert headers["RateLimit-Policy"] == '"weighed-3600";q=10;w=3600, "weighed-86400";q=1000;w=86400'
        assert headers["RateLimit"].startswith(f'"weighed-3600";r={headers["RateLimit-Remaining"]};t=')
        assert ("Retry-After" in headers) == (status == 429)
    dear, cheap = told[2][1], told[5][1]
    assert int(dear["Retry-After"]) > 0
    assert int(cheap["Retry-After"]) > 0
    assert (counted("weighed", "allowed") - before[0], counted("weighed", "limited") - before[1]) == (4, 2)


async def test_dry_run_refuses_nobody_tells_clients_nothing_and_the_operator_all(
    tmp_path: Path, valkey_url: str
) -> None:
    environ = variables(tmp_path, valkey_url, LOG_FILE=str(tmp_path / "log"), **written(tmp_path))
    async with process(environ) as running:
        await up(environ)
        async with run_gateway(tmp_path, valkey_url, **written(tmp_path)) as gateway:
            before = counted("tried", "allowed"), counted("tried", "dry_run"), counted("tried", "limited")
            told = [await asked(gateway, "/tried") for _ in range(5)]
            assert told == [(200, {})] * 5
            after = counted("tried", "allowed"), counted("tried", "dry_run"), counted("tried", "limited")
        assert [late - early for late, early in zip(after, before, strict=True)] == [3, 2, 0]
        async with aioredis.from_url(valkey_url) as client:
            await client.flushall()
        await asyncio.gather(*(_get(environ["PORT"], "/tried") for _ in range(5)))
        running.terminate()
        await running.wait()
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    marks = Counter(line.get("limit.dry_run") for line in lines if line.get("http.route") == "tried")
    assert marks == {None: 3, "tried": 2}


async def test_explanation_knows_cost_and_dry_run(tmp_path: Path, valkey_url: str) -> None:
    async with run_gateway(tmp_path, valkey_url, **written(tmp_path)) as gateway:
        await ready(gateway)
        url = f"http://127.0.0.1:{gateway.private_port}/explain"

        async def explained(path: str) -> tuple[str, dict[str, object]]:
            async with gateway.client.get(url, params={"path": path}, headers={"Accept": "application/json"}) as answer:
                report = json.loads(await answer.read())
            return report["outcome"], next(step["facts"] for step in report["steps"] if step["name"] == "limit")

        for path in ("/dear", "/dear", *["/tried"] * 4):
            assert (await asked(gateway, path))[0] == 200
        outcome, facts = await explained("/dear")
        assert (outcome, facts["cost"], facts["remaining"], facts["dry_run"]) == ("refused", 4, 2, False)
        outcome, facts = await explained("/cheap")
        assert (outcome, facts["cost"]) == ("forwarded", 1)
        outcome, facts = await explained("/tried")
        assert (outcome, facts["remaining"], facts["dry_run"]) == ("forwarded", 0, True)


async def _get(port: str, path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_exactly_the_limit_passes_over_several_processes(tmp_path: Path, valkey_url: str) -> None:
    """G27: a burst of 1,000 in parallel, over two gateways of two workers each, at a limit of 50."""
    (tmp_path / "own.toml").write_text(TABLE.replace("2 per hour", "50 per hour"))
    own = {"ROUTES_FILE": str(tmp_path / "own.toml")}
    (tmp_path / "other").mkdir()
    async with (
        run_workers(tmp_path, valkey_url, PATIENT, **own) as one,
        run_workers(tmp_path / "other", valkey_url, PATIENT, **own) as two,
    ):
        statuses = await asyncio.gather(*(each.get("/scarce") for each in (one, two) * 500))
        assert [await each.metric("gateway_limit_fallback_total") for each in (one, two)] == [0, 0]
    assert Counter(status == 429 for status in statuses) == {True: 950, False: 50}
