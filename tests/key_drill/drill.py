"""Changes the signing key twice under load: in order, and as one that was stolen."""

import asyncio
import sys
import time
from collections.abc import Callable
from http import HTTPStatus

import aiohttp
import asyncpg

from tests.key_drill.people import Ledger, Person
from tests.stores import ROOT

_PEOPLE = 12
_PUBLISHED_FOR = 5  # seconds before the new key signs: the gateway hears of it within one
_PATIENCE = 60.0  # seconds for a change
_QUIET = 3.0  # seconds of load before and after each change
_JWKS = "/.well-known/jwks.json"


class Failed(Exception):
    """The drill couldn't go on."""


class Drill:
    """`environ` is auth_service's. `seconds` is how long a withdrawn key's token was taken after the command began."""

    def __init__(self, session: aiohttp.ClientSession, environ: dict[str, str]) -> None:
        self._session = session
        self._environ = environ
        self.ledger = Ledger()
        self.seconds = 0.0
        self._people = [Person(session, self.ledger, f"person{number}@example.org") for number in range(_PEOPLE)]

    async def run(self) -> None:
        ended = asyncio.Event()
        await asyncio.gather(*(person.register() for person in self._people))
        async with asyncio.TaskGroup() as group:
            for person in self._people:
                group.create_task(person.live(ended))
            await asyncio.sleep(_QUIET)
            await self._change_in_order()
            await asyncio.sleep(_QUIET)
            lingering = [Person(self._session, self.ledger, f"late{number}@example.org") for number in range(_PEOPLE)]
            await asyncio.gather(*(person.register() for person in lingering))
            for person in lingering:
                group.create_task(person.linger(ended))
            self._people += lingering
            await self._withdraw()
            await asyncio.sleep(_QUIET)
            ended.set()

    async def _change_in_order(self) -> None:
        [old] = await self._published()
        await self._command("--after", str(_PUBLISHED_FOR))
        await self._until(
            "everybody holds tokens of the new key", lambda: all(each.key != old for each in self._people)
        )
        await self._let_tokens_end(old)
        started = time.monotonic()
        while old in await self._published():
            self._check_patience(started, "the old key is retired")
            await asyncio.sleep(0.2)

    async def _let_tokens_end(self, kid: str) -> None:
        """Instead of waiting for 15 minutes, in which the last token of the key ends: nobody holds one any more."""
        connection = await asyncpg.connect(self._environ["DATABASE_URL"])
        try:
            await connection.execute("update auth.signing_key set verifies_until = now() where kid = $1", kid)
        finally:
            await connection.close()

    async def _withdraw(self) -> None:
        [old] = await self._published()
        stolen = self._people[0].access_token
        self.ledger.withdrawn.add(old)
        started = time.monotonic()
        command = asyncio.create_task(self._command("--now"))
        while await self._status(stolen) == HTTPStatus.OK:
            self._check_patience(started, "a token of the withdrawn key is refused")
            await asyncio.sleep(0.05)
        self.seconds = time.monotonic() - started
        await command
        await self._until_nobody_has(old)

    async def _status(self, token: str) -> int:
        async with self._session.get("/v1/users/me", headers={"Authorization": f"Bearer {token}"}) as response:
            return response.status

    async def _published(self) -> set[str]:
        """Return the ids of the keys that clients find."""
        async with self._session.get(_JWKS) as response:
            return {key["kid"] for key in (await response.json())["keys"]}

    async def _command(self, *arguments: str) -> None:
        """Run `rotate-keys` as an operator does, where auth_service runs."""
        command = [sys.executable, "-m", "auth_service", "rotate-keys", *arguments]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=self._environ)
        if await process.wait():
            raise Failed("the command failed")

    async def _until_nobody_has(self, kid: str) -> None:
        await self._until("everybody has a token of another key", lambda: all(each.key != kid for each in self._people))

    async def _until(self, what: str, is_so: Callable[[], bool]) -> None:
        started = time.monotonic()
        while not is_so():
            self._check_patience(started, what)
            await asyncio.sleep(0.05)

    def _check_patience(self, started: float, what: str) -> None:
        if time.monotonic() - started > _PATIENCE:
            raise Failed(f"it didn't come true within {_PATIENCE:g} s that {what}")
