"""A recorded history of writes: what was acknowledged, and whether all of it is still there."""

import asyncio
import hashlib
import secrets
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

from tests.e2e.visitor import Reply, Visitor


@dataclass
class History:
    """One writer's. `revisions` are profile edits in order; a write without an answer may or may not have happened."""

    acknowledged: int = 0
    attempted: int = 0
    files: dict[str, str] = field(default_factory=dict)  # id -> sha256
    deleted: set[str] = field(default_factory=set)
    in_doubt: set[str] = field(default_factory=set)  # files whose deletion got no answer
    outcomes: Counter[str] = field(default_factory=Counter)


@dataclass
class Writer:
    """Writes one thing after another until told to stop, and keeps the history."""

    visitor: Visitor
    history: History = field(default_factory=History)

    async def write_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            for write in (self._edit, self._upload, self._edit, self._upload, self._delete):
                await write()

    async def _send(self, method: str, path: str, **options: object) -> Reply | None:
        """Return the answer to a write that took effect. A failure has to be a problem document, or no answer."""
        try:
            reply = await self.visitor.call(method, path, **options)
        except (aiohttp.ClientError, TimeoutError):
            self.history.outcomes["no answer"] += 1
            return None
        if reply.status < 400:
            self.history.outcomes["done"] += 1
            return reply
        assert reply.status in (429, 502, 503, 504), (reply.status, reply.body)
        self.history.outcomes[reply.code] += 1
        return None

    async def _edit(self) -> None:
        self.history.attempted += 1
        revision = self.history.attempted
        if await self._send("PATCH", "/v1/users/me", json={"bio": str(revision)}):
            self.history.acknowledged = revision

    async def _upload(self) -> None:
        content = secrets.token_bytes(2000)
        options = {"params": {"name": "n.bin"}, "headers": {"Content-Type": "application/octet-stream"}}
        if reply := await self._send("POST", "/v1/files", data=content, **options):
            self.history.files[reply.json()["id"]] = hashlib.sha256(content).hexdigest()

    async def _delete(self) -> None:
        known = [each for each in self.history.files if each not in self.history.deleted | self.history.in_doubt]
        if not known:
            return
        if await self._send("DELETE", f"/v1/files/{known[0]}"):
            self.history.deleted.add(known[0])
        else:
            self.history.in_doubt.add(known[0])

    async def verify(self) -> None:
        """Fails when an acknowledged write is lost, or a deleted file is back."""
        profile = (await self.visitor.call("GET", "/v1/users/me")).json()
        assert self.history.acknowledged <= int(profile["bio"] or 0) <= self.history.attempted
        for file_id, digest in self.history.files.items():
            if file_id in self.history.in_doubt:
                continue
            content = await self.visitor.call("GET", f"/v1/files/{file_id}/content")
            if file_id in self.history.deleted:
                assert content.status == 404, file_id
            else:
                assert hashlib.sha256(content.body).hexdigest() == digest, (file_id, content.status)
