"""One thing broken after the other, each until Prometheus has seen what it must see of it."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.dashboards.prometheus import Prometheus
from tests.e2e.stack import Stack
from tests.waiting import eventually

FIRING = "ALERTS{{alertname='{0}',alertstate='firing'}}"

# What each fault has to set off, with every alert's `for` left out.
EXPECTED = {
    "a route file that is wrong": ("RouteFileRefused",),
    "the mail server hangs": ("MailServerAway",),
    "Valkey hangs": ("ValkeyAway", "LimitsCountedInMemory", "CacheAway"),
    "user_service hangs": ("ProgramMissing", "InstanceMissing", "UpstreamInstanceOut"),
    "PostgreSQL hangs": ("PostgresAway", "ProgramNotReady", "DatabaseFails", "GatewayErrorsBurnFast"),
}


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process and its children, so that they neither answer nor go away."""
    family = [pid, *children(pid)]
    try:
        for each in family:
            os.kill(each, signal.SIGSTOP)
        yield
    finally:
        for each in family:
            if Path(f"/proc/{each}").exists():
                os.kill(each, signal.SIGCONT)


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def broken(name: str, prometheus: Prometheus) -> None:
    """Wait until every alert fires that this fault has to set off."""
    for alert in EXPECTED[name]:
        await prometheus.comes(FIRING.format(alert))


async def wrong_routes(routes: Path, prometheus: Prometheus) -> None:
    text = await asyncio.to_thread(routes.read_text)
    await asyncio.to_thread(routes.write_text, text + '\n[[route]]\nname = "unfinished"\n')
    await broken("a route file that is wrong", prometheus)
    await asyncio.to_thread(routes.write_text, text)


async def hanging(name: str, stack: Stack, program: str, prometheus: Prometheus) -> None:
    with stopped(stack.pid(program)):
        await broken(name, prometheus)
    await eventually(stack.ready)


async def killed_worker(stack: Stack, prometheus: Prometheus) -> None:
    os.kill(children(stack.pid("gateway"))[0], signal.SIGKILL)
    await prometheus.comes("gateway_worker_ends_total > 0")
    await eventually(stack.ready)


async def killed(stack: Stack, program: str, prometheus: Prometheus) -> None:
    """Kill a program, which the launcher starts again."""
    before = stack.pid(program)
    os.kill(before, signal.SIGKILL)
    await eventually(_another(stack, program, before))
    await eventually(stack.ready)
    await prometheus.comes(f"changes(process_start_time_seconds{{job='{program}'}}[30s]) > 0")


def _another(stack: Stack, program: str, before: int) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return stack.pid(program) not in (0, before)

    return look
