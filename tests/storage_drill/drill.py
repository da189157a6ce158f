"""Kills processes at random points of many uploads, and compares what was acknowledged with what is there."""

import asyncio
import hashlib
import json
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, field

from tests.e2e.resuming import Resumer
from tests.e2e.stack import Stack
from tests.e2e.visitor import Visitor
from tests.s3_server import S3Server
from tests.storage_drill.inspection import Inspector
from tests.storage_drill.uploaders import Ledger, Uploader
from tests.waiting import eventually

_PEOPLE = 4  # of each kind: with one request a file, and with a bad connection
_EVERY = 25  # uploads, on average, from a recovery to the next kill
_STORE = "s3_server"


class Failed(Exception):
    """Something that was acknowledged isn't so."""


@dataclass
class Drill:
    stack: Stack
    store: S3Server | None
    inspector: Inspector
    ledger: Ledger
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    resumers: list[Resumer] = field(default_factory=list)

    @property
    def victims(self) -> list[str]:
        return ["file_service", "postgres", "gateway", *([_STORE] if self.store is not None else [])]

    async def run(self) -> None:
        """Raises Failed."""
        people = [Visitor.at(self.stack.url) for _ in range(2 * _PEOPLE)]
        try:
            for number, person in enumerate(people):
                assert (await person.register(f"drill-{number}@example.org")).status == 201
            uploaders = [Uploader(person, self.ledger, self._own_chance()) for person in people[:_PEOPLE]]
            self.resumers += [Resumer(person, self._own_chance()) for person in people[_PEOPLE:]]
            uploading = asyncio.gather(
                *(uploader.run() for uploader in uploaders), *(self._resume(each) for each in self.resumers)
            )
            killing = asyncio.create_task(self._kill_on())
            try:
                await uploading
            finally:
                killing.cancel()
                await asyncio.wait({killing})
            if not killing.cancelled() and (failure := killing.exception()) is not None:
                raise failure
            await eventually(self._well, within=60)
            await self._verify_files()
            for resumer in self.resumers:
                await resumer.verify()
            await self._verify_storage()
        finally:
            for person in people:
                await person.session.close()

    @property
    def done(self) -> int:
        return len(self.ledger.files) + self.resumed

    @property
    def resumed(self) -> int:
        return sum(len(resumer.files) for resumer in self.resumers)

    async def _resume(self, resumer: Resumer) -> None:
        """Every acknowledged offset must be there after each cut and each kill; that is asserted on the way."""
        while self.resumed < self.ledger.wanted:
            await resumer.upload()

    def _own_chance(self) -> random.Random:
        return random.Random(self.chance.random())

    async def _kill_on(self) -> None:
        while True:
            goal = self.done + self.chance.randrange(2, 2 * _EVERY)

            async def reached(goal: int = goal) -> bool:
                return self.done >= goal

            await eventually(reached, within=120)
            await asyncio.sleep(self.chance.random() * 0.1)
            victim = self.chance.choice(self.victims)
            self.kills[victim] += 1
            await asyncio.shield(self._kill(victim))

    async def _kill(self, victim: str) -> None:
        if victim == _STORE:
            assert self.store is not None
            self.store.kill()
            await asyncio.to_thread(self.store.start)
        else:
            old = self.stack.pid(victim)
            os.kill(old, signal.SIGKILL)

            async def replaced() -> bool:
                return self.stack.pid(victim) not in (0, old)

            await eventually(replaced)
        await eventually(self._well, within=60)

    async def _well(self) -> bool:
        return await self.stack.ready()

    async def _verify_files(self) -> None:
        wrong: list[str] = []
        for file_id, (owner, digest) in self.ledger.files.items():
            reply = await owner.call("GET", f"/v1/files/{file_id}/content")
            if reply.status == 401:
                await owner.login()
                reply = await owner.call("GET", f"/v1/files/{file_id}/content")
            gone = reply.status == 404
            whole = reply.status == 200 and hashlib.sha256(reply.body).hexdigest() == digest
            if not (gone if file_id in self.ledger.deleted else whole or (gone and file_id in self.ledger.in_doubt)):
                wrong.append(f"{file_id}: {reply.status}")
        if wrong:
            raise Failed(f"{len(wrong)} files aren't as they were acknowledged: {wrong[:5]}")

    async def _verify_storage(self) -> None:
        """Quotas are the sums, all that is held is there and right, and nothing is there that nothing knows of."""
        await self.inspector.collect_unfinished()
        status, lines = await self.inspector.scrub()
        findings = [json.loads(line) for line in lines]
        if status != 0:
            raise Failed(f"the scrubber found {findings[:5]}")
        if strays := await self.inspector.strays():
            raise Failed(f"{len(strays)} blobs have no row: {sorted(strays)[:5]}")
