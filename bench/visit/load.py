"""The load of a visit: as many requests as asked for, to the last answer, so that slow ones are counted whole.

wrk stops at a time, with a request of each connection under way that has cost CPU and isn't counted.
"""

import asyncio
import time
from collections.abc import Sequence
from http import HTTPStatus
from itertools import cycle
from typing import cast

import httptools
import uvloop

from bench.processes import Failed, cpu_seconds
from bench.wrk import Figures

CONNECTIONS = 16
_LONGEST = 60  # seconds


class _Run:
    """Hands out requests, and gathers how long each took."""

    def __init__(self, requests: Sequence[bytes], count: int) -> None:
        self._requests = cycle(requests)
        self._unsent = count
        self._unanswered = count
        self.seconds: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def next_request(self) -> bytes | None:
        self._unsent -= 1
        return next(self._requests) if self._unsent >= 0 else None

    def answered(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self._unanswered -= 1
        if self._unanswered == 0 and not self.done.done():
            self.done.set_result(None)

    def failed(self, what: str) -> None:
        if not self.done.done():
            self.done.set_exception(Failed(what))


class _Client(asyncio.Protocol):
    """One kept-alive connection. Its `on_` methods are the parser's to call."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def _ask(self) -> None:
        self._began = time.perf_counter()
        if request := self._run.next_request():
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._run.failed("a connection was lost")

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status != HTTPStatus.OK:
            self._run.failed(f"a request was answered with {status}")
        self._run.answered(time.perf_counter() - self._began)
        self._parser = httptools.HttpResponseParser(self)
        self._ask()


def measure(port: int, requests: Sequence[bytes], count: int, pids: Sequence[int]) -> Figures:
    """Send `count` requests, in turn; the CPU is that of the process trees in `pids`. Raises Failed."""
    before = [cpu_seconds(pid) for pid in pids]
    started = time.perf_counter()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seconds = sorted(runner.run(_send(port, requests, count)))
    rate = count / (time.perf_counter() - started)
    each = tuple((cpu_seconds(pid) - earlier) / count * 1e6 for pid, earlier in zip(pids, before, strict=True))
    return Figures(rate, sum(each), seconds[count // 2] * 1e6, seconds[count * 99 // 100] * 1e6, each)


async def _send(port: int, requests: Sequence[bytes], count: int) -> list[float]:
    run, loop = _Run(requests, count), asyncio.get_running_loop()
    transports = []
    async with asyncio.timeout(_LONGEST):
        for _ in range(CONNECTIONS):
            transport, _ = await loop.create_connection(lambda: _Client(run), "127.0.0.1", port)
            transports.append(transport)
        await run.done
    for transport in transports:
        transport.abort()
    return run.seconds
