"""Somebody who sends more at once than the quota has room for: some of it has to be refused, whichever replica asks."""

import asyncio
from dataclasses import dataclass

from tests.chaos.clients.caller import Caller
from tests.chaos.clients.keeper import delete, note_usage, store

QUOTA = 2_000_000  # bytes
_SIZE, _AT_ONCE = 900_000, 4


@dataclass
class Spender:
    caller: Caller

    async def run(self) -> None:
        while not self.caller.stop.is_set():
            content = self.caller.dice.randbytes(_SIZE)
            stored = await asyncio.gather(*(store(self.caller, content) for _ in range(_AT_ONCE)))
            await note_usage(self.caller)
            for file_id in filter(None, stored):
                await delete(self.caller, file_id)
            await self.caller.rest(1.5)
