"""The reporter's process: serves the private port, and logs what the supervisor notes, until that one has no more."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from socket import socket

import uvloop
from aiohttp import web
from prometheus_client import Metric

from gateway.workers.doors import Door, Place
from gateway.workers.pipes import documents
from gateway.workers.reporter import Reporter
from gateway.workers.supervisor import ENDED
from shared.lifecycle import background
from shared.logs import log
from shared.settings import ProcessSettings

GATHER_SECONDS = (
    5.0  # what a worker counts after the last time is lost if it is killed; each takes it some milliseconds
)


Source = Callable[[], Iterable[Metric]]
OpenPages = Callable[[Source], AbstractAsyncContextManager[Sequence[web.RouteDef]]]


@dataclass(frozen=True, slots=True)
class Ears:
    """What the reporter listens to: the private port's sockets, and a pipe with a JSON line for each thing to log."""

    sockets: Sequence[socket]
    notes: int


def run_reporter(settings: ProcessSettings, ears: Ears, places: Sequence[Place], open_pages: OpenPages) -> int:
    """`open_pages` opens what the private port shows of all workers, by their metrics."""
    log.start(settings.name, settings.log)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_report(ears, places, open_pages))
    finally:
        log.close()
    return 0


async def _report(ears: Ears, places: Sequence[Place], open_pages: OpenPages) -> None:
    async with AsyncExitStack() as stack:
        doors = [Door(place) for place in places]
        for door in doors:
            stack.push_async_callback(door.close)
        reporter = Reporter(doors)
        pages = await stack.enter_async_context(open_pages(reporter.metrics))
        runner = web.AppRunner(reporter.app(pages), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        for each in ears.sockets:
            await web.SockSite(runner, each).start()
        await stack.enter_async_context(background("gather metrics", reporter.gather, every=GATHER_SECONDS))
        await _write_down(ears.notes, reporter)


async def _write_down(notes: int, reporter: Reporter) -> None:
    """Return at the pipe's end, which is the supervisor's, or its wish that we end too."""
    async for event, fields in documents(notes):
        reporter.ends.inc(event == ENDED)
        log.warning(event, **fields)
