"""People who use the installation all the while, and a ledger of everything that became of it."""

import asyncio
import hashlib
import secrets
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

import aiohttp

from tests.e2e.visitor import Reply, Visitor

_THOUGHT = 0.02  # seconds between two requests of a person: the load is theirs, not the most that the machine bears
_ROUNDS_PER_REFRESH = 20  # a session that refreshes all the time is refused


@dataclass
class Ledger:
    """`failures` are requests without an answer, and answers that nobody's own doing explains."""

    requests: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0  # seconds

    @property
    def failed(self) -> int:
        return self.failures.total()


@dataclass
class Person:
    """Lives one request after the other; `kept` is what was acknowledged, and must be there in the end.

    Of `bios` one must be: the last acknowledged, or a later one whose answer was lost, which may have taken effect.
    """

    visitor: Visitor
    ledger: Ledger
    bios: list[str] = field(default_factory=lambda: [""])
    kept: dict[str, str] = field(default_factory=dict)  # file id -> sha256

    async def live(self, ended: asyncio.Event) -> None:
        acts = (self._read, self._edit, self._sessions, self._store, self._read, self._list, self._discard)
        while not ended.is_set():
            for act in (self._refresh, *acts * _ROUNDS_PER_REFRESH):
                await act()
                await asyncio.sleep(_THOUGHT)
                if ended.is_set():
                    return

    async def verify(self) -> None:
        """Fails where something acknowledged is lost."""
        profile = (await self.visitor.call("GET", "/v1/users/me")).json()
        assert profile["bio"] in self.bios, (profile, self.bios)
        for file_id, digest in self.kept.items():
            content = await self.visitor.call("GET", f"/v1/files/{file_id}/content")
            assert hashlib.sha256(content.body).hexdigest() == digest, (file_id, content.status)

    async def _read(self) -> None:
        await self._send("GET", "/v1/users/me")

    async def _sessions(self) -> None:
        await self._send("GET", "/v1/auth/sessions")

    async def _list(self) -> None:
        await self._send("GET", "/v1/files")

    async def _edit(self) -> None:
        wanted = secrets.token_hex(8)
        self.bios.append(wanted)
        if await self._send("PATCH", "/v1/users/me", json={"bio": wanted}):
            self.bios = [wanted]

    async def _store(self) -> None:
        content = secrets.token_bytes(2000)
        options = {"params": {"name": "n.bin"}, "headers": {"Content-Type": "application/octet-stream"}}
        if reply := await self._send("POST", "/v1/files", data=content, **options):
            self.kept[reply.json()["id"]] = hashlib.sha256(content).hexdigest()

    async def _discard(self) -> None:
        if len(self.kept) > 3:
            file_id = next(iter(self.kept))
            del self.kept[file_id]
            await self._send("DELETE", f"/v1/files/{file_id}")

    async def _refresh(self) -> None:
        token = {"refresh_token": self.visitor.tokens["refresh_token"]}
        if reply := await self._send("POST", "/v1/auth/refresh", json=token):
            self.visitor.tokens |= reply.json()

    async def _send(self, method: str, path: str, **options: Any) -> Reply | None:
        began = time.monotonic()
        self.ledger.requests += 1
        try:
            reply = await self.visitor.call(method, path, **options)
        except (aiohttp.ClientError, TimeoutError) as exc:
            self.ledger.failures[f"{method} {_template(path)}: {type(exc).__name__}"] += 1
            return None
        self.ledger.slowest = max(self.ledger.slowest, time.monotonic() - began)
        if reply.status < 400:
            return reply
        self.ledger.failures[f"{method} {_template(path)}: {reply.status} {reply.body[:200]!r}"] += 1
        return None


def _template(path: str) -> str:
    return "/".join("{id}" if len(part) == 36 else part for part in path.split("/"))


class Crowd:
    """Some people, each with an address of their own, as a proxy that is trusted tells it."""

    def __init__(self, people: list[Person]) -> None:
        self.people = people

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Ledger]:
        """Have all of them live within the block, and yield the ledger of that time."""
        ledger, ended = Ledger(), asyncio.Event()
        for person in self.people:
            person.ledger = ledger
        lives = [asyncio.create_task(person.live(ended)) for person in self.people]
        try:
            yield ledger
        finally:
            ended.set()
            await asyncio.gather(*lives)

    async def verify(self) -> None:
        for person in self.people:
            await person.verify()


@asynccontextmanager
async def crowd(url: str, tls: SSLContext | None, size: int) -> AsyncIterator[Crowd]:
    people = [Person(_visitor(url, tls, number), Ledger()) for number in range(size)]
    try:
        for person in people:
            reply = await person.visitor.register(f"person-{secrets.token_hex(6)}@example.org")
            assert reply.status == 201, (reply.status, reply.body)
        yield Crowd(people)
    finally:
        for person in people:
            await person.visitor.session.close()


def _visitor(url: str, tls: SSLContext | None, number: int) -> Visitor:
    visitor = Visitor.at(url, family=socket.AF_INET, **({"ssl": tls} if tls else {}))
    visitor.session.headers["X-Forwarded-For"] = f"198.51.100.{number + 1}"
    return visitor
