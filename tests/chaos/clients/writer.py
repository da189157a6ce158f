"""Two tabs of one profile: one changes it, version by version, and the other looks at it."""

import asyncio
import time
from dataclasses import dataclass

from tests.chaos.clients.caller import Caller
from tests.chaos.history import Read, Write
from tests.e2e.visitor import Reply

_ME = "/v1/users/me"


@dataclass
class Writer:
    caller: Caller
    revision: int = 0
    etag: str = ""

    async def run(self) -> None:
        await self._read()
        async with asyncio.TaskGroup() as tabs:
            tabs.create_task(self._write_on())
            tabs.create_task(self._read_on())

    async def _write_on(self) -> None:
        while not self.caller.stop.is_set():
            if not await self._write():
                await self.caller.rest()
                await self._read_version()
            await self.caller.rest(0.2)

    async def _read_on(self) -> None:
        while not self.caller.stop.is_set():
            await self._read()
            await self.caller.rest(0.2)

    async def _write(self) -> bool:
        """Write the next revision over the version that is known, and tell whether that was acknowledged.

        A request without an answer may take effect later, but not over a version that was written meanwhile.
        """
        self.revision += 1
        sent, headers = time.monotonic(), {"If-Match": self.etag} if self.etag else {}
        attempt = Write(self.caller.email, self.revision, sent)
        self.caller.history.writes.append(attempt)
        body = {"bio": str(self.revision)}
        reply = await self.caller.attempt("PATCH", _ME, json=body, headers=headers, expected=(200,))
        if reply is None or reply.status != 200:
            return False
        self.etag = reply.headers["ETag"]
        attempt.acknowledged = time.monotonic()
        return True

    async def _read_version(self) -> None:
        """After a failure: know again which version there is."""
        self.etag = (await self._read()).headers["ETag"]

    async def _read(self) -> Reply:
        sent = time.monotonic()
        reply = await self.caller.insist("GET", _ME, expected=(200,))
        if reply.status == 200:
            revision = int(reply.json()["bio"] or 0)
            self.caller.history.reads.append(Read(self.caller.email, revision, sent, time.monotonic()))
        return reply
