"""Somebody who stores small files, each by one request that is repeated until it is answered, and reads and deletes."""

import hashlib
import time
import uuid
from dataclasses import dataclass, field

from tests.chaos.clients.caller import Caller
from tests.chaos.history import Deletion, Upload, Usage

_LARGEST = 8_000  # bytes
_FULL = (413,)


async def note_usage(caller: Caller) -> None:
    reply = await caller.attempt("GET", "/v1/files/usage", expected=(200,))
    if reply is not None and reply.status == 200:
        said = reply.json()
        usage = Usage(caller.email, said["bytes"], said["reserved"], said["files"], said["quota"])
        caller.history.usages.append(usage)


async def delete(caller: Caller, file_id: str) -> None:
    """Delete until there is an answer: 404 after one that was lost, be it to us or to a gateway, which asks again."""
    deletion = Deletion(caller.email, file_id, time.monotonic())
    caller.history.deletions.append(deletion)
    reply = await caller.insist("DELETE", f"/v1/files/{file_id}", expected=(204, 404))
    deletion.acknowledged = reply.status in (204, 404)


async def store(caller: Caller, content: bytes, *, persist: bool = True) -> str | None:
    """Return the id of the file that was stored; None where there is no room."""
    key = str(uuid.uuid4())
    headers = {"Idempotency-Key": f'"{key}"', "Content-Type": "application/octet-stream"}
    while True:
        reply = await caller.attempt(
            "POST", "/v1/files", params={"name": key}, data=content, headers=headers, expected=(201, 409, *_FULL)
        )
        if reply is not None and reply.status == 201:
            file = reply.json()
            sha256 = hashlib.sha256(content).hexdigest()
            stored = Upload(caller.email, key, file["id"], len(content), sha256, time.monotonic())
            caller.history.uploads.append(stored)
            return stored.file_id
        if reply is not None and reply.status != 409:
            return None
        if reply is None and not persist:
            caller.history.doubtful_uploads.append((caller.email, key))
            return None
        await caller.rest()


@dataclass
class Keeper:
    caller: Caller
    files: dict[str, str] = field(default_factory=dict)  # id -> SHA-256

    async def run(self) -> None:
        while not self.caller.stop.is_set():
            await self._store()
            await self._read()
            if self.caller.dice.random() < 0.3:
                await self._delete()
            await note_usage(self.caller)
            await self.caller.rest(0.2)

    async def _store(self) -> None:
        content = self.caller.dice.randbytes(self.caller.dice.randrange(1, _LARGEST))
        if file_id := await store(self.caller, content):
            self.files[file_id] = hashlib.sha256(content).hexdigest()

    async def _read(self) -> None:
        if not self.files:
            return
        file_id = self.caller.dice.choice(list(self.files))
        reply = await self.caller.attempt("GET", f"/v1/files/{file_id}/content", expected=(200,))
        if reply is not None and hashlib.sha256(reply.body).hexdigest() != self.files[file_id]:
            self.caller.wrong(f"file {file_id} was read, and isn't what was stored: {reply.status}")

    async def _delete(self) -> None:
        if self.files:
            file_id = self.caller.dice.choice(list(self.files))
            del self.files[file_id]
            await delete(self.caller, file_id)
