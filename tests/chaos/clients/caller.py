"""A client that records each of its requests."""

import asyncio
import random
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.chaos.history import NO_ANSWER, Exchange, History
from tests.e2e.visitor import PASSWORD, Reply, Visitor

_KINDS = (  # the first that fits a request's method and path
    ("refresh", r"POST /v1/auth/refresh"),
    ("logout", r"POST /v1/auth/logout"),
    ("sign-in", r"POST /v1/auth/"),
    ("profile write", r"PATCH /v1/users"),
    ("profile read", r"GET /v1/users"),
    ("resumable", r"\w+ /v1/files/uploads"),
    ("upload", r"POST /v1/files"),
    ("download", r"GET /v1/files/[^/]+/content"),
    ("delete", r"DELETE /v1/files"),
    ("files read", r"GET /v1/files"),
    ("page", r"GET /"),
)
AUTH = frozenset({"refresh", "logout", "sign-in"})
PROFILES = frozenset({"profile write", "profile read"})
FILES = frozenset({"resumable", "upload", "download", "delete", "files read"})
PAGES = frozenset({"page"})
_PAUSE = 0.15  # seconds before a failed request is sent again
_TIMEOUT = 40.0  # seconds: longer than any that the gateway keeps


def kind_of(method: str, path: str) -> str:
    return next((kind for kind, pattern in _KINDS if re.match(pattern, f"{method} {path}")), "other")


@dataclass
class Caller(Visitor):
    """`stop` ends what it does; requests that must come to an end are then still sent again."""

    history: History = field(default_factory=History)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    dice: random.Random = field(default_factory=random.Random)

    @classmethod
    def of(cls, url: str, history: History, stop: asyncio.Event, dice: random.Random) -> "Caller":
        caller = cls.at(url, keepalive_timeout=0.5, limit=32)  # a connection that idled for longer may be closing
        caller.history, caller.stop, caller.dice = history, stop, dice
        caller.session._timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
        return caller

    async def call(self, method: str, path: str, **options: Any) -> Reply:
        """As a visitor's; `expected` are the statuses that a working stack may answer with."""
        expected: Collection[int] = options.pop("expected", range(200, 500))
        sent, status, code = time.monotonic(), NO_ANSWER, ""
        try:
            reply = await super().call(method, path, **options)
            status = reply.status
            code = reply.code if reply.body and reply.response.content_type == "application/problem+json" else ""
        except (aiohttp.ClientError, TimeoutError) as exc:
            code = type(exc).__name__
            raise
        finally:
            fine = status == NO_ANSWER or status in expected
            kind = kind_of(method, path)
            ended = time.monotonic()
            self.history.exchanges.append(Exchange(self.email, kind, sent, ended, status, code, fine))
        return reply

    async def attempt(self, method: str, path: str, **options: Any) -> Reply | None:
        """Return the answer, or None where there was none that counts: it may have taken effect or not."""
        try:
            reply = await self.call(method, path, **options)
        except (aiohttp.ClientError, TimeoutError):
            return None
        return None if reply.status >= 500 else reply

    async def insist(self, method: str, path: str, **options: Any) -> Reply:
        """Send it until there is an answer that counts."""
        while True:
            reply = await self.attempt(method, path, **options)
            if reply is not None:
                return reply
            await self.rest()

    async def rest(self, seconds: float = _PAUSE) -> None:
        await asyncio.sleep(seconds * (0.5 + self.dice.random()))

    async def enrol(self, email: str) -> None:
        """Register, and sign in where a lost answer to that leaves an account behind."""
        self.email = email
        credentials = {"email": email, "password": PASSWORD}
        reply = await self.insist("POST", "/v1/auth/register", json=credentials, expected=(201, 409))
        if reply.status == 409:
            reply = await self.insist("POST", "/v1/auth/login", json=credentials, expected=(200,))
        self.tokens = reply.json()

    def wrong(self, what: str) -> None:
        self.history.wrongs.append(f"{self.email}: {what}")
