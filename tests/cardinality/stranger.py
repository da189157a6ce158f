"""Whoever sends what is made up, and the series that a running stack tells meanwhile."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from yarl import URL

from tests.cardinality.hostile import Fantasy, Kind
from tests.e2e.stack import PROGRAMS, Stack
from tests.e2e.visitor import Visitor

_AT_ONCE = 16
_BY_TIME = ("rows_purged_total", "jobs", "jobs_oldest_seconds")  # they come with the first purge and the first census

Series = frozenset[tuple[str, tuple[tuple[str, str], ...]]]


async def series(stack: Stack, program: str) -> Series:
    async with aiohttp.ClientSession() as session, session.get(f"{stack.private[program]}/metrics") as answer:
        families = text_string_to_metric_families(await answer.text())
        return frozenset(
            (sample.name, tuple(sorted(sample.labels.items())))
            for family in families
            for sample in family.samples
            if sample.name not in _BY_TIME
        )


async def every_series(stack: Stack) -> dict[str, Series]:
    return {program: await series(stack, program) for program in PROGRAMS}


@asynccontextmanager
async def strange(stack: Stack, visitor: Visitor, seed: int) -> AsyncIterator["Stranger"]:
    """Yield one who knows the gateway, and every service's socket."""
    async with AsyncExitStack() as opened:

        async def at(service: str) -> aiohttp.ClientSession:
            connector = aiohttp.UnixConnector(str(stack.socket(service)))
            return await opened.enter_async_context(aiohttp.ClientSession(connector=connector))

        services = {service: ("http://localhost", await at(service)) for service in PROGRAMS if service != "gateway"}
        yield Stranger({**services, "gateway": (stack.url, visitor.session)}, visitor, seed)


class Stranger:
    def __init__(self, places: Mapping[str, tuple[str, aiohttp.ClientSession]], visitor: Visitor, seed: int) -> None:
        self._places = places
        self._visitor = visitor
        self._fantasy = Fantasy(seed)

    async def send(self, kind: Kind) -> int:
        fill = self._fantasy.fill
        headers = {fill(name): fill(value) for name, value in kind.headers.items()}
        if kind.signed_in:
            headers |= self._visitor.authorization()
        url, session = self._places[kind.to]
        async with session.request(
            fill(kind.method),
            URL(url + fill(kind.path), encoded=True),
            headers=headers,
            data=fill(kind.body.decode()).encode() if kind.json is None else None,
            json=None if kind.json is None else {fill(name): fill(value) for name, value in kind.json.items()},
            allow_redirects=False,
        ) as answer:
            await answer.read()
            return answer.status

    async def send_all(self, kinds: Sequence[Kind], each: int) -> list[int]:
        """Send so many of each kind, some at a time, and return what they were answered."""
        left = itertools.chain.from_iterable(itertools.repeat(kinds, each))

        async def work() -> list[int]:
            return [await self.send(kind) for kind in left]

        return list(itertools.chain(*await asyncio.gather(*(work() for _ in range(_AT_ONCE)))))
