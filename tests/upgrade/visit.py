"""A visit that needs each service, by what both releases have."""

import hashlib
import random
import secrets
from urllib.parse import urlsplit

from tests.e2e.resuming import BYTES, TUS, UPLOADS, Resumer
from tests.e2e.visitor import PASSWORD, Visitor
from tests.waiting import eventually


async def visit(url: str) -> None:
    """Register, sign in, edit, find, upload in both ways, download, delete the account; fails where anything does."""
    async with Visitor.at(url) as person:
        name = f"Ada {secrets.token_hex(6)}"
        assert (await person.register(f"ada-{secrets.token_hex(6)}@example.org")).status == 201
        assert (await person.login()).status == 200
        await refresh(person)
        assert (await person.call("PATCH", "/v1/users/me", json={"display_name": name})).status == 200
        found = await person.call("GET", "/v1/users", params={"q": name})
        assert [each["id"] for each in found.json()["items"]] == [person.user_id]
        await _upload(person)
        deletion = await person.call("POST", "/v1/auth/account/deletion", json={"password": PASSWORD})
        assert deletion.status == 204, deletion.body

        async def refused() -> bool:
            return (await person.call("GET", "/v1/users/me")).status == 401

        await eventually(refused)


async def _upload(person: Visitor) -> None:
    content = secrets.token_bytes(100_000)
    made = await person.upload(content)
    assert made.status == 201, made.body
    path = f"/v1/files/{made.json()['id']}"
    assert (await person.call("GET", f"{path}/content")).body == content
    assert (await person.call("DELETE", path)).status == 204
    resumer = Resumer(person, random.Random(1))
    await resumer.upload()
    await resumer.verify()


async def refresh(person: Visitor) -> str:
    """Exchange the refresh token, and return the one before."""
    before = str(person.tokens["refresh_token"])
    reply = await person.call("POST", "/v1/auth/refresh", json={"refresh_token": before})
    assert reply.status == 200, reply.body
    person.tokens.update(reply.json())
    return before


async def begin(person: Visitor, length: int) -> str:
    """Begin a resumable upload, and return its path."""
    made = await person.call("POST", UPLOADS, headers={**TUS, "Upload-Length": str(length)})
    assert made.status == 201, made.body
    return urlsplit(str(made.headers["Location"])).path


async def add(person: Visitor, path: str, piece: bytes) -> int:
    """Add to the upload where it ends, and return where it ends then."""
    told = await person.call("HEAD", path, headers=TUS)
    offset = int(told.headers["Upload-Offset"])
    added = await person.call(
        "PATCH", path, headers={**TUS, **BYTES, "Upload-Offset": str(offset)}, data=piece[offset : offset + 70_000]
    )
    assert added.status == 204, added.body
    return int(added.headers["Upload-Offset"])


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
