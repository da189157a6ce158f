"""One process that makes pictures (`worker.py`), as seen from here."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

_SCRIPT = Path(__file__).with_name("worker.py")
_MOST_BYTES = 32 * 1024**2  # of a picture that comes back


class WorkerLost(Exception):
    """The process died, or says what it never would if it were well."""


class _Told(msgspec.Struct, frozen=True):
    """What a worker says of a picture, or why there is none: `unreadable`, `costly`."""

    length: int = 0
    failure: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A picture, or why there is none."""

    content: bytes
    failure: str = ""


class WorkerProcess:
    """Not to be asked twice at once. It isn't trusted: what it decoded may have taken it over."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.idle_since = 0.0

    @classmethod
    async def start(cls) -> "WorkerProcess":
        """Give it nothing of ours: no environment, no open files, no folder of the service's modules."""
        return cls(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", str(_SCRIPT)),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def make(self, wish: bytes, source: AsyncIterator[bytes]) -> Made:
        """Send the wish, a line, and the source's bytes. Raises WorkerLost, and what `source` raises."""
        reader, writer = self._process.stdout, self._process.stdin
        assert reader is not None
        assert writer is not None
        try:
            writer.write(wish + b"\n")
            async for chunk in source:
                writer.write(chunk)
                await writer.drain()
            told = msgspec.json.decode(await reader.readline(), type=_Told)
            if told.length > _MOST_BYTES:
                raise WorkerLost("more than any picture has")
            return Made(await reader.readexactly(told.length), told.failure)
        except (ConnectionError, asyncio.IncompleteReadError, ValueError) as exc:
            raise WorkerLost(repr(exc)) from exc

    async def end(self) -> None:
        """Kill it, whatever it is doing, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
