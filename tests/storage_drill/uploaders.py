"""People who upload, and keep a history of what was acknowledged."""

import asyncio
import hashlib
import random
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

from tests.e2e.visitor import Reply, Visitor

_PAUSE = 0.05  # seconds, after a failure
_SIZES = ((0.7, 50_000), (0.95, 600_000), (1.0, 9_000_000))  # the last are multipart uploads in an object store
_PASSING = (401, 429, 502, 503, 504)


@dataclass
class Ledger:
    """What all of them did. `files`: id -> owner and hash; `in_doubt` got no answer to their deletion."""

    wanted: int
    files: dict[str, tuple[Visitor, str]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    in_doubt: set[str] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def kept(self) -> dict[str, tuple[Visitor, str]]:
        gone = self.deleted | self.in_doubt
        return {file_id: file for file_id, file in self.files.items() if file_id not in gone}


@dataclass
class Uploader:
    visitor: Visitor
    ledger: Ledger
    chance: random.Random

    async def run(self) -> None:
        """Upload until enough were acknowledged to all together; now and then, delete."""
        while len(self.ledger.files) < self.ledger.wanted:
            if await self._upload() and self.chance.random() < 0.1:
                await self._delete()

    async def _upload(self) -> bool:
        draw = self.chance.random()
        most = next(most for share, most in _SIZES if draw <= share)
        content = self.chance.randbytes(self.chance.randrange(most))
        reply = await self._send("POST", "/v1/files", params={"name": "a.bin"}, data=content)
        if reply is not None:
            self.ledger.files[reply.json()["id"]] = (self.visitor, hashlib.sha256(content).hexdigest())
        return reply is not None

    async def _delete(self) -> None:
        mine = [file_id for file_id, (visitor, _) in self.ledger.kept.items() if visitor is self.visitor]
        if mine:
            file_id = self.chance.choice(mine)
            done = await self._send("DELETE", f"/v1/files/{file_id}")
            (self.ledger.deleted if done else self.ledger.in_doubt).add(file_id)

    async def _send(self, method: str, path: str, **options: object) -> Reply | None:
        """Return the answer to what took effect; whatever else comes back must be a failure that passes."""
        try:
            reply = await self.visitor.call(method, path, **options)
        except (aiohttp.ClientError, TimeoutError):
            self.ledger.outcomes["no answer"] += 1
        else:
            if reply.status < 400:
                self.ledger.outcomes["acknowledged"] += 1
                return reply
            assert reply.status in _PASSING, (reply.status, reply.body)
            self.ledger.outcomes[f"{reply.status} {reply.code}"] += 1
            if reply.status == 401:
                await self.visitor.login()
        await asyncio.sleep(_PAUSE)
        return None
