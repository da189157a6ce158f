"""A real Alertmanager with the example's routing, whose receivers are filled in: who is told of what."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.dashboards.test_rule_files import ALERTMANAGER
from tests.dashboards.tools import Tools
from tests.ports import free_port
from tests.waiting import eventually

# As Prometheus labels them.
_POSTGRES = {"alertname": "PostgresAway", "severity": "page", "namespace": "shop", "job": "auth_service"}
_FAILS = {
    "alertname": "DatabaseFails",
    "severity": "ticket",
    "namespace": "shop",
    "job": "auth_service",
    "reason": "lost",
}
_BURNS = {"alertname": "GatewayErrorsBurnFast", "severity": "page", "namespace": "shop"}
_ELSEWHERE = {"alertname": "DatabaseFails", "severity": "ticket", "namespace": "test", "job": "auth_service"}


@dataclass
class Receivers:
    """What each was told, by the receiver's name."""

    told: dict[str, set[tuple[str, str]]] = field(default_factory=lambda: {"on_call": set(), "tickets": set()})

    async def take(self, request: web.Request) -> web.Response:
        for alert in (await request.json())["alerts"]:
            labels = alert["labels"]
            self.told[request.match_info["name"]].add((labels["alertname"], labels["namespace"]))
        return web.Response()


async def test_pages_call_and_tickets_wait_and_what_follows_is_quiet(tools: Tools, tmp_path: Path) -> None:
    """While PostgreSQL is away nobody hears that requests fail by it, but for those of another installation."""
    receivers = Receivers()
    async with _receiving(receivers) as port, _alertmanager(tools, tmp_path, port) as session:
        alerts = [{"labels": labels} for labels in (_POSTGRES, _FAILS, _BURNS, _ELSEWHERE)]
        async with session.post("/api/v2/alerts", json=alerts) as answer:
            assert answer.status == 200, await answer.text()

        async def both_were_told() -> bool:
            return all(receivers.told.values())

        await eventually(both_were_told)
        async with session.get("/api/v2/alerts", params={"inhibited": "true", "active": "false"}) as answer:
            quiet = {alert["labels"]["alertname"] for alert in await answer.json()}
    assert quiet == {"DatabaseFails", "GatewayErrorsBurnFast"}
    assert receivers.told == {"on_call": {("PostgresAway", "shop")}, "tickets": {("DatabaseFails", "test")}}


@asynccontextmanager
async def _receiving(receivers: Receivers) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_post("/{name}", receivers.take)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield port
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _alertmanager(tools: Tools, folder: Path, receiving: int) -> AsyncIterator[aiohttp.ClientSession]:
    config, port = folder / "alertmanager.yml", free_port()
    config.write_text(_filled_in(ALERTMANAGER.read_text(encoding="utf-8"), receiving))
    process = await asyncio.create_subprocess_exec(
        tools.alertmanager,
        f"--config.file={config}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:

            async def is_ready() -> bool:
                try:
                    async with session.get("/-/ready") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            await eventually(is_ready)
            yield session
    finally:
        process.terminate()
        await process.wait()


def _filled_in(text: str, receiving: int) -> str:
    """Fill in the receivers, in their order, and wait for less before they are told."""
    for name in ("on_call", "tickets"):
        text = text.replace(
            "webhook_configs: []", f"webhook_configs: [{{url: 'http://127.0.0.1:{receiving}/{name}'}}]", 1
        )
    return text.replace("group_wait: 30s", "group_wait: 1s").replace("group_wait: 10s", "group_wait: 1s")
