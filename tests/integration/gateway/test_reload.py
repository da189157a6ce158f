"""The route file is changed while clients ask: a right one takes effect, a wrong one doesn't, and nobody notices."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import REGISTRY

from tests.integration.gateway.running_gateway import TABLE, Echo, RunningGateway, echo_service, route
from tests.waiting import eventually


def replace_file(folder: Path, text: str) -> None:
    """Put a new file in the old one's place, as most editors and all deployment tools do."""
    (folder / "new.toml").write_text(text)
    (folder / "new.toml").replace(folder / "routes.toml")


def reload() -> None:
    os.kill(os.getpid(), signal.SIGHUP)  # the gateway is in this process


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.reload._POLL_SECONDS", 0.1)


def reloads(outcome: str) -> float:
    return REGISTRY.get_sample_value("gateway_routes_reloads_total", {"outcome": outcome}) or 0.0


async def reloaded(outcome: str = "accepted", *, asked: bool = True) -> None:
    """Have the file read, or wait until it is read unasked."""
    before = reloads(outcome)

    async def is_read() -> bool:
        return reloads(outcome) > before

    if asked:
        reload()
    await eventually(is_read)


def is_in_force() -> bool:
    return REGISTRY.get_sample_value("gateway_routes_in_force") == 1


async def status(gateway: RunningGateway, path: str, **headers: str) -> int:
    async with gateway.client.get(f"{gateway.url}/{path}", headers=headers) as answer:
        return answer.status


async def comes(gateway: RunningGateway, path: str, expected: int) -> None:
    async def has_come() -> bool:
        return await status(gateway, path) == expected

    await eventually(has_come)


async def ask_on_one_connection(gateway: RunningGateway, done: asyncio.Event) -> list[int]:
    """Ask until `done`, without ever connecting again, and return all statuses."""
    statuses = []
    async with gateway.connection(within=60) as (reader, writer):
        while not done.is_set():
            writer.write(b"GET /open HTTP/1.1\r\nHost: h\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            statuses.append(int(head.split(b" ", 2)[1]))
    return statuses


async def test_reloads_under_a_stream_of_requests_fail_none(gateway: RunningGateway, tmp_path: Path) -> None:
    """R12: right and wrong files in turn; no connection is closed, no request fails."""
    done = asyncio.Event()
    streams = [asyncio.create_task(ask_on_one_connection(gateway, done)) for _ in range(4)]
    for turn in range(5):
        replace_file(tmp_path, TABLE + route(f"new{turn}"))
        await reloaded()
        assert await status(gateway, f"new{turn}") == 200
        replace_file(tmp_path, TABLE + route("broken", auth="nobody"))
        await reloaded("refused")
    done.set()
    for statuses in await asyncio.gather(*streams):
        assert len(statuses) > 10
        assert set(statuses) == {200}


async def test_changed_file_is_taken_over_without_a_signal(gateway: RunningGateway, tmp_path: Path) -> None:
    assert await status(gateway, "fresh") == 404
    with (tmp_path / "routes.toml").open("a") as file:  # in place, and in two steps
        file.write(route("fresh"))
        file.flush()
        file.write(route("last"))
    await comes(gateway, "fresh", 200)
    assert await status(gateway, "last") == 200


class Mount:
    """A folder as Kubernetes mounts a ConfigMap: the file is a link into `..data`, itself a link that is swapped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._versions = 0

    def show(self, text: str) -> None:
        self._versions += 1
        version = self._folder / f"..version_{self._versions}"
        version.mkdir()
        (version / "routes.toml").write_text(text)
        before = (self._folder / "..data").resolve() if self._versions > 1 else None
        self._link("..data", version.name)
        self._link("routes.toml", "..data/routes.toml")
        if before is not None:
            shutil.rmtree(before)

    def _link(self, name: str, target: str) -> None:
        if not (self._folder / name).is_symlink() or name == "..data":
            (self._folder / "..data_tmp").symlink_to(target)
            (self._folder / "..data_tmp").replace(self._folder / name)


async def test_swapped_mount_of_a_config_map_is_taken_over_without_a_signal(
    gateway: RunningGateway, tmp_path: Path
) -> None:
    """The file's own name never changes; what it leads to does, and a wrong one is refused as everywhere."""
    mount = Mount(tmp_path)
    for turn in range(3):
        mount.show(TABLE + route(f"mounted{turn}"))
        await comes(gateway, f"mounted{turn}", 200)
    assert await status(gateway, "mounted1") == 404
    mount.show("not a route file")
    await reloaded("refused", asked=False)
    assert await status(gateway, "mounted2") == 200


async def test_bad_file_keeps_the_old_routes(
    gateway: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R12: every mistake is logged with its line."""
    said: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr("gateway.routing.log.error", lambda event, **told: said.append((event, told)))
    assert is_in_force()
    replace_file(tmp_path, "x = 1\n" + TABLE.replace("2 per hour", "2 per fortnight"))
    await reloaded("refused", asked=False)
    ((event, told),) = said
    mistakes = told["error.message"].splitlines()
    assert event == "routes_refused"
    assert [mistake.split(":")[1] for mistake in mistakes] == ["1", "8"]
    assert await status(gateway, "open") == 200
    assert not is_in_force()

    (tmp_path / "routes.toml").unlink()
    await reloaded("refused", asked=False)
    assert await status(gateway, "open") == 200

    replace_file(tmp_path, TABLE + route("mended"))
    await comes(gateway, "mended", 200)
    assert is_in_force()


async def test_removed_route_is_not_found_any_more(gateway: RunningGateway, tmp_path: Path) -> None:
    assert await status(gateway, "small") == 200
    replace_file(tmp_path, TABLE.replace(route("small", max_body=10), ""))
    await reloaded()
    assert await status(gateway, "small") == 404
    async with gateway.client.options(
        f"{gateway.url}/small",
        headers={"Origin": "https://app.example.org", "Access-Control-Request-Method": "GET"},
    ) as preflight:
        assert preflight.status == 404


async def test_request_in_flight_keeps_the_table_it_began_with(gateway: RunningGateway, tmp_path: Path) -> None:
    """Its route and its service's pool are gone when it is answered."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.BaseRequest) -> web.Response:
        arrived.set()
        await go_on.wait()
        return web.Response(text="late")

    own = Echo()
    own.answer = slow
    async with echo_service(own) as url:
        replace_file(tmp_path, f'{TABLE}{route("own", upstream="own")}[upstreams.own]\nurl = "{url}"\n')
        await reloaded()
        asking = asyncio.create_task(status(gateway, "own"))
        await asyncio.wait_for(arrived.wait(), 10)
        replace_file(tmp_path, TABLE)
        await reloaded()
        assert await status(gateway, "own") == 404
        go_on.set()
        assert await asking == 200


async def test_limits_change_with_the_file(gateway: RunningGateway, tmp_path: Path) -> None:
    assert [await status(gateway, "scarce") for _ in range(3)] == [200, 200, 429]
    replace_file(tmp_path, TABLE.replace("2 per hour", "4 per hour, 100 per day"))
    await reloaded()
    assert [await status(gateway, "scarce") for _ in range(3)] == [200, 200, 429]  # the first two still count


async def test_route_for_a_scope_asks_for_it(gateway: RunningGateway, tmp_path: Path) -> None:
    replace_file(tmp_path, TABLE + route("reports", auth="scope:reports") + route("admin", auth="role:admin"))
    await reloaded()
    assert await status(gateway, "admin") == 401
    assert await status(gateway, "reports", **gateway.bearer(scope="profile reports")) == 200
    assert await status(gateway, "admin", **gateway.bearer(roles=["admin"])) == 200
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"{gateway.url}/reports", headers=gateway.bearer()) as refused,
    ):
        assert refused.status == 403
        assert refused.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="reports"'
        assert (await refused.json())["code"] == "insufficient_scope"
