"""Reads the gateway's log as it is written: what there is beside the requests' lines, and what must not be there."""

import asyncio
import json
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_EXPECTED_ERRORS = frozenset({"routes_refused"})  # the soak writes bad route files on purpose
_REQUEST = b'"event.action":"request"'
_SAMPLES = 20


class LogWatch:
    def __init__(self) -> None:
        self.events: Counter[tuple[str, str]] = Counter()
        self.unexpected: list[str] = []

    @asynccontextmanager
    async def following(self, process: Process) -> AsyncIterator[None]:
        assert process.stdout is not None
        assert process.stderr is not None
        followers = [asyncio.create_task(self._follow(each)) for each in (process.stdout, process.stderr)]
        try:
            yield
        finally:
            for each in followers:
                each.cancel()
            await asyncio.gather(*followers, return_exceptions=True)

    async def _follow(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            if _REQUEST not in line:
                self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            record = json.loads(line)
            level, event = record["log.level"], record["event.action"]
        except (ValueError, KeyError, TypeError):
            self._note(line)
            return
        self.events[level, event] += 1
        if level == "error" and event not in _EXPECTED_ERRORS:
            self._note(line)

    def _note(self, line: bytes) -> None:
        if len(self.unexpected) < _SAMPLES:
            self.unexpected.append(line.decode("utf-8", "replace").rstrip())
