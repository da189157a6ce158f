"""Two columns of programs on the same stores: of the release before, and of this tree."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from gateway.settings import BUILT_IN
from tests.e2e.visitor import Visitor
from tests.replicated.replica import Replica, Source
from tests.replicated.stack import SERVICES, ReplicatedStack

RELEASES = ("old", "new")  # in the order of their replicas


@dataclass(frozen=True, slots=True)
class Columns:
    """`old` and `new` are the gateways' releases; whose services they ask is `arrangement`'s to say."""

    stack: ReplicatedStack

    async def stand(self, previous: Source) -> None:
        """Migrate to this tree's schema beside the programs of the release before, and replace half of them."""
        await self.stack.migrate(Source())
        for program in SERVICES:
            await self._restart(self.stack.replica(program, 2), Source(), {})
        await self.arrange(previous, crossed=False)

    async def arrange(self, previous: Source, *, crossed: bool) -> None:
        """Have each gateway ask the services of its own release, or, `crossed`, those of the other one."""
        sources = {"old": previous, "new": Source()}
        for number, release in enumerate(RELEASES, 1):
            asked = 3 - number if crossed else number
            urls = {BUILT_IN[service][0]: self.stack.replica(service, asked).url for service in SERVICES}
            await self._restart(self.stack.replica("gateway", number), sources[release], urls)

    @staticmethod
    async def _restart(replica: Replica, source: Source, environ: Mapping[str, str]) -> None:
        replica.use(source, environ)
        await replica.restart()

    def url(self, release: str) -> str:
        return self.stack.replica("gateway", RELEASES.index(release) + 1).url

    def visitor(self, release: str) -> Visitor:
        return Visitor.at(self.url(release))

    def elsewhere(self, person: Visitor, release: str) -> Visitor:
        """The same person with the same tokens, whose next request goes to another gateway."""
        return Visitor(self.url(release), person.address, person.session, person.email, person.tokens)


async def unreadiness(replica: Replica) -> str:
    """Return why it isn't ready, with an empty string for one that is."""
    async with aiohttp.ClientSession() as session, session.get(f"{replica.private_url}/readyz") as response:
        told = json.loads(await response.read())
    return "; ".join(result for result in told["checks"].values() if result != "ok")


async def serving(replica: Replica) -> bool:
    """Whether it answers on its private port at all."""
    try:
        await unreadiness(replica)
    except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError):
        return False
    return True
