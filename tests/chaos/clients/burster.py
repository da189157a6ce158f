"""A crowd that comes from a fresh address at one moment: exactly as many as the limit says get through."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass

from tests.chaos.clients.caller import Caller
from tests.chaos.history import Burst

LIMIT, WINDOW = 20, 60  # requests per so many seconds
PAGES = {"/favicon.ico": False, "/docs": True}  # limited pages of the gateway's own: whether strictly
_CROWD = 30
_MARGIN = 3.0  # seconds before a window ends: a burst over its end counts in two


@dataclass
class Burster:
    """`caller` lends its history; every burst has a client of its own."""

    caller: Caller
    url: str

    async def run(self) -> None:
        while not self.caller.stop.is_set():
            for path, strict in PAGES.items():
                if WINDOW - time.time() % WINDOW > _MARGIN:
                    await self._burst(path, strict=strict)
                await self.caller.rest(0.5)

    async def _burst(self, path: str, *, strict: bool) -> None:
        crowd = Caller.of(self.url, self.caller.history, self.caller.stop, self.caller.dice)
        crowd.email = "a crowd"
        async with crowd:
            sent = time.monotonic()
            replies = await asyncio.gather(
                *(crowd.attempt("GET", path, expected=(200, 429), allow_redirects=False) for _ in range(_CROWD))
            )
        statuses = Counter(reply.status if reply is not None else 0 for reply in replies)
        burst = Burst(LIMIT, strict, sent, time.monotonic(), statuses[200], statuses[429], statuses[0])
        self.caller.history.bursts.append(burst)
