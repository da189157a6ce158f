"""How the reporter reaches one worker: by the two Unix sockets that it listens on while it lives."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from gateway.workers.samples import Snapshot, fetch

_PATIENCE = 3.0  # seconds; a worker gives each of its checks two
_SNAPSHOT_PATIENCE = 1.0  # seconds
_SILENT = "no answer"
_HOST = "worker"  # a name for the request's head: there is only one at a socket
_FAILURES = (aiohttp.ClientError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """A worker's: `private` serves what a single process's private port would, `samples` what it has measured."""

    name: str
    private: Path
    samples: Path

    def clear(self) -> None:
        """Take away what a predecessor that was killed has left."""
        self.private.unlink(missing_ok=True)
        self.samples.unlink(missing_ok=True)


class Door:
    def __init__(self, place: Place) -> None:
        self.name = place.name
        self._samples = place.samples
        connector = aiohttp.UnixConnector(str(place.private), force_close=True)
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        self._client = aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False)

    async def close(self) -> None:
        await self._client.close()

    async def ask(self, method: str, target: str, headers: CIMultiDict[str], body: bytes) -> Answer | None:
        """Return what the worker answers; None when it doesn't."""
        url = URL(f"http://{_HOST}{target}", encoded=True)
        try:
            async with self._client.request(method, url, headers=headers, data=body, allow_redirects=False) as answer:
                return Answer(answer.status, answer.headers, await answer.read())
        except _FAILURES:
            return None

    async def readiness(self) -> str:
        """Return "ok", or what keeps the worker from being ready."""
        try:
            async with self._client.get(f"http://{_HOST}/readyz") as answer:
                checks: dict[str, str] = (await answer.json())["checks"]
        except _FAILURES:
            return _SILENT
        return "; ".join(f"{name}: {result}" for name, result in checks.items() if result != "ok") or "ok"

    async def snapshot(self) -> Snapshot | None:
        try:
            async with asyncio.timeout(_SNAPSHOT_PATIENCE):
                return await fetch(self._samples)
        except (OSError, ValueError):  # a TimeoutError is an OSError
            return None
