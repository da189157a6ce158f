"""People who use the stack while its keys change, and what became of their requests."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

import aiohttp
import jwt

from tests.e2e.visitor import PASSWORD

_REQUESTS_PER_TOKEN = 8
_REFRESHES_PER_LOGIN = 6
_LINGERING = 0.2  # seconds between two requests


@dataclass
class Ledger:
    """`tokens` counts what was issued, and `uses` the requests that went well, by the id of the key that signed.

    `refused` are tokens that were answered 401: a failure, unless their key is among the `withdrawn`.
    """

    requests: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    uses: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    withdrawn: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)

    def failed(self, what: str) -> None:
        self.failures.append(what)


def key_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


class Door(Protocol):
    """What leads to the gateway, or to one of several."""

    @property
    def get(self) -> Callable[..., Any]: ...
    @property
    def post(self) -> Callable[..., Any]: ...


class Person:
    """Registers, and then asks, refreshes and logs in anew without a pause."""

    def __init__(self, session: Door, ledger: Ledger, email: str) -> None:
        self._session = session
        self._ledger = ledger
        self._email = email
        self._tokens: dict[str, Any] = {}

    @property
    def key(self) -> str:
        """The id of the key that signed the token in use."""
        return key_of(self._tokens["access_token"])

    @property
    def access_token(self) -> str:
        return str(self._tokens["access_token"])

    @property
    def refresh_token(self) -> str:
        return str(self._tokens["refresh_token"])

    async def register(self) -> None:
        await self._sign_in("register", HTTPStatus.CREATED)

    async def live(self, ended: asyncio.Event) -> None:
        while not ended.is_set():
            for _ in range(_REFRESHES_PER_LOGIN):
                for _ in range(_REQUESTS_PER_TOKEN):
                    await self._ask()
                await self._refresh()
            await self._sign_in("login", HTTPStatus.OK)

    async def linger(self, ended: asyncio.Event) -> None:
        """Keep to one token for as long as it is taken."""
        while not ended.is_set():
            await self._ask()
            await asyncio.sleep(_LINGERING)

    async def _ask(self) -> None:
        """As a client does: 401 means to refresh, and then to ask again."""
        key = self.key
        status = await self._me()
        if status == HTTPStatus.UNAUTHORIZED and key in self._ledger.withdrawn:
            self._ledger.refused[key] += 1
            await self._refresh()
            key, status = self.key, await self._me()
        if status == HTTPStatus.OK:
            self._ledger.uses[key] += 1
        else:
            self._ledger.failed(f"GET /v1/users/me with a token of key {key}: {status}")

    async def _me(self) -> int:
        self._ledger.requests["request"] += 1
        headers = {"Authorization": f"Bearer {self.access_token}"}
        try:
            async with self._session.get("/v1/users/me", headers=headers) as response:
                await response.read()
                return int(response.status)
        except (aiohttp.ClientError, TimeoutError):
            return 0

    async def _refresh(self) -> None:
        await self._get_tokens("refresh", HTTPStatus.OK, {"refresh_token": self._tokens["refresh_token"]})

    async def _sign_in(self, way: str, expected: HTTPStatus) -> None:
        await self._get_tokens(way, expected, {"email": self._email, "password": PASSWORD})

    async def _get_tokens(self, way: str, expected: HTTPStatus, body: dict[str, str]) -> None:
        self._ledger.requests[way] += 1
        try:
            async with self._session.post(f"/v1/auth/{way}", json=body) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError) as exc:
            self._ledger.failed(f"{way}: {exc!r}")
            return
        if response.status != expected:
            self._ledger.failed(f"{way}: {response.status} {answer}")
            return
        self._tokens = answer
        self._ledger.tokens[self.key] += 1
