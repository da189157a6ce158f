"""Somebody whose uploads are resumed (tus) after every cut: no acknowledged byte may be lost."""

import random
import time
from dataclasses import dataclass, field

from tests.chaos.clients.caller import Caller
from tests.chaos.history import Upload
from tests.e2e.resuming import Resumer

_LARGEST = 40_000  # bytes
_PASSING = (409, 429, 502, 503, 504, 507)


@dataclass
class Sender:
    caller: Caller
    resumer: Resumer = field(init=False)

    def __post_init__(self) -> None:
        self.resumer = Resumer(
            self.caller, random.Random(self.caller.dice.random()), largest=_LARGEST, passing=_PASSING
        )

    async def run(self) -> None:
        while not self.caller.stop.is_set():
            known = set(self.resumer.files)
            before = self.resumer.size
            try:
                await self.resumer.upload()
            except AssertionError as exc:
                self.caller.wrong(f"a resumable upload: {exc}")
            for file_id in self.resumer.files.keys() - known:
                size, sha256 = self.resumer.size - before, self.resumer.files[file_id]
                upload = Upload(self.caller.email, file_id, file_id, size, sha256, time.monotonic())
                self.caller.history.uploads.append(upload)
            await self.caller.rest(0.5)
