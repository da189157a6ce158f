"""Asks all programs how they are, when somebody wants to know: every replica that a name stands for."""

import asyncio
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from gateway.status.reading import Reading, of_clients, read_text

_PATIENCE = 2.5  # seconds; a program gives each of its checks two
_MOST_REPLICAS = 16
_FRESH = 2.0  # seconds: however many look, programs aren't asked more often
_LONGEST = 300.0  # seconds between two looks that are still compared
_FAILURES = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


@dataclass(frozen=True, slots=True)
class Program:
    """How one replica presents itself. `unreachable` says why nothing is known; `before` is from an earlier look."""

    name: str
    place: str
    unreachable: str = ""
    unready: Mapping[str, str] = field(default_factory=dict)
    reading: Reading | None = None
    before: Reading | None = None


class Watch:
    """`urls` are the private ports' base URLs, by program."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls
        self._lock = asyncio.Lock()
        self._seen: list[Program] = []
        self._looked = -_FRESH
        self._forgetting: asyncio.TimerHandle | None = None

    async def look(self, own_url: str) -> list[Program]:
        """Return all programs, this gateway at `own_url` first."""
        async with self._lock:
            if time.monotonic() >= self._looked + _FRESH:
                self._seen = await self._ask_all({"gateway": own_url, **self._urls})
                self._looked = time.monotonic()
            self._keep_for_a_while()
            return self._seen

    def _keep_for_a_while(self) -> None:
        """What was seen takes some megabytes, and is of no use once nobody looks."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._forgetting = asyncio.get_running_loop().call_later(_LONGEST, self._forget)

    def _forget(self) -> None:
        self._seen, self._looked = [], -_FRESH

    async def _ask_all(self, urls: Mapping[str, str]) -> list[Program]:
        before = {each.place: each.reading for each in self._seen if each.reading is not None}
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            found = await asyncio.gather(*(_ask(session, name, url, before) for name, url in urls.items()))
        return [program for programs in found for program in programs]


async def _ask(session: aiohttp.ClientSession, name: str, url: str, before: Mapping[str, Reading]) -> list[Program]:
    try:
        places = await _replicas(url)
    except OSError as exc:
        return [Program(name, url, unreachable=exc.strerror or "its name can't be found")]
    return list(await asyncio.gather(*(_ask_one(session, name, place, before.get(place)) for place in places)))


async def _replicas(url: str) -> list[str]:
    """Return the URL of each address that its host's name stands for. Raises OSError."""
    parts = urlsplit(url)
    port = parts.port or 80
    async with asyncio.timeout(_PATIENCE):
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    hosts = sorted({str(address[0]) for *_, address in found})[:_MOST_REPLICAS]
    return [f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}" for host in hosts]


async def _ask_one(session: aiohttp.ClientSession, name: str, place: str, before: Reading | None) -> Program:
    try:
        async with session.get(f"{place}/readyz") as answer:
            told: Any = await answer.json()
            ready = answer.status == HTTPStatus.OK
        async with session.get(f"{place}/metrics") as answer:
            moment, text = time.monotonic(), await answer.text()
        reading = await asyncio.to_thread(lambda: Reading(moment, of_clients(read_text(text))))
    except _FAILURES as exc:
        return Program(name, place, unreachable=_told(exc))
    checks = told.get("checks", {}) if isinstance(told, dict) and not ready else {}
    unready = {str(check): str(result) for check, result in checks.items() if result != "ok"}
    if before is not None and reading.at - before.at > _LONGEST:
        before = None
    return Program(name, place, "", unready, reading, before)


def _told(exc: BaseException) -> str:
    if isinstance(exc, TimeoutError):
        return f"no answer within {_PATIENCE:g} s"
    return str(exc) or type(exc).__name__
