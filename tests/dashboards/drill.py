"""A whole stack that is used and broken while Prometheus looks at it every second."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from tests.authority import Authority
from tests.dashboards import faults, people
from tests.dashboards.neighbour import ROUTES, Neighbour, running_neighbour
from tests.dashboards.prometheus import Prometheus, configuration, running_prometheus
from tests.dashboards.tools import Tools
from tests.e2e.stack import Stack, command, free_port, running_stack, state_folder
from tests.e2e.visitor import Visitor
from tests.ports import free_port as a_port
from tests.stores import ROOT

NAMESPACE = "drill"
RULES = ROOT / "deploy" / "prometheus" / "rules"
_PASSPHRASE = "correct horse battery staple"


@asynccontextmanager
async def drilled(tools: Tools, folder: Path) -> AsyncIterator[Prometheus]:
    """Yield Prometheus when everything has happened; all of it still runs."""
    async with AsyncExitStack() as opened:
        state = opened.enter_context(state_folder())
        authority = Authority(folder)
        neighbour = await opened.enter_async_context(running_neighbour(a_port(), folder / "backups" / "backup.prom"))
        port = free_port()
        environ = _environ(folder, authority, neighbour, port)
        stack = opened.enter_context(running_stack(state, port, **environ))
        config = configuration(_targets(stack, neighbour), hasty_rules(folder), NAMESPACE)
        prometheus = await opened.enter_async_context(running_prometheus(tools.prometheus, folder, config))
        visitors = [
            await opened.enter_async_context(Visitor.at(f"https://127.0.0.1:{port}", ssl=authority.client()))
            for _ in range(4)
        ]
        tasks = [asyncio.create_task(_probe(stack))]
        try:
            await _happen(stack, prometheus, neighbour, visitors)
            yield prometheus
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def hasty_rules(folder: Path) -> Path:
    """Return a folder with the rules, whose alerts don't wait before they fire."""
    there = folder / "rules"
    there.mkdir()
    for path in RULES.glob("*.yml"):
        (there / path.name).write_text(re.sub(r"\n +for: .*", "", path.read_text(encoding="utf-8")))
    return there


def _environ(folder: Path, authority: Authority, neighbour: Neighbour, port: int) -> dict[str, str]:
    """Everything in it is small, so that little has to happen before something waits or is refused."""
    pair = authority.issue("127.0.0.1")
    ours = (ROOT / "gateway" / "routes.toml").read_text(encoding="utf-8").replace("timeout = 30", "timeout = 2")
    (folder / "routes.toml").write_text(ours + ROUTES.format(port=neighbour.port))
    return {
        "PUBLIC_URL": f"https://127.0.0.1:{port}",
        "TLS_CERT_FILE": str(pair.certificate),
        "TLS_KEY_FILE": str(pair.key),
        "ROUTES_FILE": str(folder / "routes.toml"),
        "WORKERS": "2",
        "DATABASE_POOL_SIZE": "2",
        "BCRYPT_THREADS": "1",
        "BCRYPT_COST": "6",
        "SMTP_TIMEOUT": "1",
        "FILE_SCRUB_DAYS": "0.0001",
        "FILE_PUBLIC_SECONDS": "60",
    }


def _targets(stack: Stack, neighbour: Neighbour) -> dict[str, list[str]]:
    programs = {name: [f"{url.removeprefix('http://')}/metrics"] for name, url in stack.private.items()}
    return programs | {"node": [f"127.0.0.1:{neighbour.port}/metrics"]}


async def _happen(stack: Stack, prometheus: Prometheus, neighbour: Neighbour, visitors: list[Visitor]) -> None:
    await prometheus.comes(f"count(up == 1) == {len(_targets(stack, neighbour))}")
    ada, late, *others = visitors
    await people.visit_everything(ada, neighbour)
    for number, each in enumerate(others):
        assert (await each.register(f"person-{number}@example.org")).status == 201
    assert await people.storm(others) >= {200, 202, 401, 429}
    await prometheus.comes("gateway_limit_decisions_total{outcome='limited'}")
    assert 429 in await people.storm(others)  # what is counted for the first time shows no rate yet
    to = str(neighbour.backup.parent)
    done = await asyncio.to_thread(command, "backup", stack.state, to, BACKUP_PASSPHRASE=_PASSPHRASE)
    assert done.returncode == 0, done.stderr
    coming = [asyncio.create_task(people.come_and_go(each)) for each in others]
    try:
        await _break(stack, prometheus, late)
    finally:
        for task in coming:
            task.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
    await prometheus.comes("rows_purged_total")
    await prometheus.comes("file_scrub_finished_timestamp_seconds > 0", within=120)
    await prometheus.comes("file_scrub_findings")


async def _break(stack: Stack, prometheus: Prometheus, late: Visitor) -> None:
    routes = Path(json.loads((stack.state / "settings.json").read_text())["ROUTES_FILE"])
    await faults.wrong_routes(routes, prometheus)
    with faults.stopped(stack.pid("mail_catcher")):
        assert (await late.register("late@example.org")).status == 201
        await faults.broken("the mail server hangs", prometheus)
    await faults.hanging("Valkey hangs", stack, "valkey", prometheus)
    await faults.hanging("user_service hangs", stack, "user_service", prometheus)
    await faults.hanging("PostgreSQL hangs", stack, "postgres", prometheus)
    await faults.killed_worker(stack, prometheus)
    await faults.killed(stack, "auth_service", prometheus)


async def _probe(stack: Stack) -> None:
    """Ask whether programs are ready, as whatever runs containers does."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session:
        while True:
            for private in stack.private.values():
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{private}/readyz") as answer:
                        await answer.read()
            await asyncio.sleep(0.5)  # a probe's interval
