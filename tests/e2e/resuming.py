"""Somebody with a bad connection who uploads files, and remembers what was acknowledged."""

import asyncio
import hashlib
import random
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

from tests.e2e.visitor import Reply, Visitor
from tests.waiting import eventually

UPLOADS = "/v1/files/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}
_PASSING = (409, 429, 502, 503, 504)  # what a client tries again after


@dataclass
class Resumer:
    """`files` are the SHA-256 by the id of each file that was finished, `size` is that of all.

    `cuts` counts connections that were cut, `lost` creations without an answer: they may have reserved what they asked
    for, until they expire. `passing` are the statuses after which it tries again.
    """

    visitor: Visitor
    dice: random.Random
    files: dict[str, str] = field(default_factory=dict)
    size: int = 0
    cuts: int = 0
    lost: int = 0
    largest: int = 400_000
    passing: Collection[int] = _PASSING

    async def upload(self) -> None:
        """Upload a file of random bytes in random pieces, most of which are cut."""
        content = self.dice.randbytes(self.dice.randrange(1, self.largest))
        path = await self._begin(len(content))
        acknowledged = 0
        while True:
            head = await self._ask("HEAD", path)
            assert head.status == 200, (head.status, head.body)
            offset = int(head.headers["Upload-Offset"])
            assert offset >= acknowledged, "an acknowledged byte is lost"
            if offset == len(content):
                break
            acknowledged = await self._add(path, content, offset) or acknowledged
        file_id = head.headers["Content-Location"].rpartition("/")[2]
        self.files[file_id] = hashlib.sha256(content).hexdigest()
        self.size += len(content)

    async def verify(self) -> None:
        """Fails unless every finished file is there as it was sent, and the quota knows of nothing else."""
        for file_id, digest in self.files.items():
            content = await self._ask("GET", f"/v1/files/{file_id}/content")
            assert hashlib.sha256(content.body).hexdigest() == digest
        usage = (await self._ask("GET", "/v1/files/usage")).json()
        assert (usage["bytes"], usage["files"]) == (self.size, len(self.files))
        assert usage["reserved"] <= self.lost * self.largest

    async def _begin(self, length: int) -> str:
        made = await self._ask("POST", UPLOADS, headers={"Upload-Length": str(length)})
        assert made.status == 201, (made.status, made.body)
        return urlsplit(str(made.headers["Location"])).path

    async def _add(self, path: str, content: bytes, offset: int) -> int | None:
        """Return the offset that was acknowledged, if one was."""
        until = min(len(content), offset + self.dice.randrange(1, 200_000))
        if self.dice.random() < 0.5:
            await self._cut(path, content[offset:until], offset)
            return None
        headers = {**BYTES, "Upload-Offset": str(offset)}
        added = await self._try("PATCH", path, data=content[offset:until], headers=headers)
        if added is None:
            return None
        assert (added.status, added.headers.get("Upload-Offset")) == (204, str(until)), (added.status, added.body)
        return until

    async def _cut(self, path: str, piece: bytes, offset: int) -> None:
        """Send a part of what is announced, and go without a word."""
        self.cuts += 1
        there = urlsplit(self.visitor.url)
        fields = {**self.visitor.authorization(), **TUS, **BYTES, "Host": there.netloc}
        fields |= {"Upload-Offset": str(offset), "Content-Length": str(len(piece))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        try:
            _, writer = await asyncio.open_connection(there.hostname, there.port)
        except OSError:
            return
        writer.write(f"PATCH {path} HTTP/1.1\r\n{head}\r\n".encode() + piece[: self.dice.randrange(len(piece))])
        if self.dice.random() < 0.5:
            writer.transport.abort()
        writer.close()

    async def _ask(self, method: str, path: str, **options: object) -> Reply:
        """Ask until there is an answer that counts."""

        async def look() -> Reply | None:
            return await self._try(method, path, **options)

        found = await eventually(look, within=60)
        assert found is not None
        return found

    async def _try(self, method: str, path: str, **options: object) -> Reply | None:
        given = options.pop("headers", None)
        headers = {**TUS, **(given if isinstance(given, dict) else {})}
        try:
            reply = await self.visitor.call(method, path, headers=headers, **options)
        except (aiohttp.ClientError, TimeoutError):
            reply = None
        if reply is not None and reply.status not in self.passing:
            return reply
        self.lost += method == "POST"
        return None
