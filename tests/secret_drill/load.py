"""Who uses the installation while its secrets change: people who sign in, refresh and ask, and links to a file."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp

from tests.e2e.visitor import PASSWORD
from tests.key_drill.people import Ledger, Person
from tests.secret_drill.installation import Installation

_PEOPLE = 8
_PAUSE = 0.02  # seconds between two looks at a link, as the machine has more to do


@dataclass
class Balancer:
    """Sends each request to the next gateway in rotation, as whatever stands in front of several does."""

    session: aiohttp.ClientSession
    installation: Installation
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        gateways = [each for each in self.installation.replicas["gateway"] if each.serving]
        return gateways[next(self._numbers) % len(gateways)].url

    def get(self, path: str, **options: Any) -> Any:
        return self.session.get(self.url + path, **options)

    def post(self, path: str, **options: Any) -> Any:
        return self.session.post(self.url + path, **options)


@dataclass
class Load:
    """`people` sign in, refresh and ask. `links` are signed URLs to a file; each is looked at over and over."""

    balancer: Balancer
    ledger: Ledger
    people: list[Person] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    async def begin(self) -> None:
        self.people = [Person(self.balancer, self.ledger, f"person{number}@example.org") for number in range(_PEOPLE)]
        for person in self.people:
            await person.register()
        assert not self.ledger.failures, self.ledger.failures
        self.links.append(await self.sign(await self._upload()))

    async def _upload(self) -> str:
        headers = self._asking() | {"Content-Type": "text/plain"}
        async with self.balancer.post("/v1/files?name=a.txt", headers=headers, data=b"kept") as answer:
            return str((await answer.json())["id"])

    async def sign(self, file_id: str) -> str:
        """Return the path of a new signed URL."""
        body = {"expires_in": 3600}
        async with self.balancer.post(f"/v1/files/{file_id}/signed-urls", json=body, headers=self._asking()) as answer:
            url = str((await answer.json())["url"])
        return url[url.index("/v1/") :]

    def _asking(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.people[0].access_token}"}

    async def look(self, link: str) -> int:
        async with self.balancer.get(link) as answer:
            await answer.read()
            return int(answer.status)

    async def follow(self, ended: asyncio.Event) -> None:
        while not ended.is_set():
            for link in tuple(self.links):
                self.ledger.requests["signed URL"] += 1
                try:
                    status = await self.look(link)
                except (aiohttp.ClientError, TimeoutError) as exc:
                    self.ledger.failed(f"signed URL: {exc!r}")
                    continue
                if status != HTTPStatus.OK and link in self.links:
                    self.ledger.failed(f"signed URL: {status}")
            await asyncio.sleep(_PAUSE)

    async def signs_in(self, email: str) -> bool:
        """Tell whether the password is right; what else happens fails the drill."""
        async with self.balancer.post("/v1/auth/login", json={"email": email, "password": PASSWORD}) as answer:
            assert answer.status in (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED), answer.status
            return bool(answer.status == HTTPStatus.OK)


@asynccontextmanager
async def under_load(installation: Installation) -> AsyncIterator[Load]:
    ended = asyncio.Event()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        load = Load(Balancer(session, installation), Ledger())
        await load.begin()
        async with asyncio.TaskGroup() as group:
            for person in load.people:
                group.create_task(person.live(ended))
            group.create_task(load.follow(ended))
            try:
                yield load
            finally:
                ended.set()
