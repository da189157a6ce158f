"""All that the whole stack knows of a person, in one archive; and nothing of it once the account is deleted."""

import io
import json
import time
import zipfile

from tests.e2e.stack import Stack
from tests.e2e.visitor import PASSWORD, Visitor
from tests.waiting import eventually

EXPORT = "/v1/auth/account/export"
DELETION = "/v1/auth/account/deletion"
KEY = {"name": "backup", "scopes": ["files:read"]}


def anonymous(person: Visitor) -> Visitor:
    return Visitor(person.url, person.address, person.session, person.email)


def stored(stack: Stack, content: bytes) -> bool:
    """Whether any blob on the disk has these bytes."""
    return any(path.read_bytes() == content for path in (stack.state / "files").rglob("*") if path.is_file())


async def test_person_takes_everything_along(ada: Visitor, grace: Visitor) -> None:
    assert (await ada.call("PATCH", "/v1/users/me", json={"display_name": "Ada Export"})).status == 200
    files = {}
    for name in ("notes.txt", "notes.txt", "\u00fcber uns.md"):
        content = f"{name} of {time.time_ns()}".encode()
        made = (await ada.upload(content, name)).json()
        files[f"files/{made['id']}/{made['name']}"] = content
    await grace.upload(b"of grace", "grace.txt")
    reply = await ada.call("POST", EXPORT)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(reply.body))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist() if name.startswith("files/")} == files
    assert json.loads(archive.read("account.json"))[0]["email"] == ada.email
    assert json.loads(archive.read("profile.json"))["profile"]["display_name"] == "Ada Export"
    assert {f"files/{each['id']}/{each['name']}" for each in json.loads(archive.read("files.json"))} == set(files)


async def test_api_key_takes_nothing_along(ada: Visitor) -> None:
    key = (await ada.call("POST", "/v1/auth/api-keys", json=KEY | {"scopes": ["full"]})).json()["key"]
    program = Visitor(ada.url, ada.address, ada.session, ada.email, {"access_token": key})
    assert (await program.call("POST", EXPORT)).code == "session_required"
    assert (await anonymous(ada).call("POST", EXPORT)).status == 401


async def test_deleted_account_leaves_nothing_behind(ada: Visitor, grace: Visitor, stack: Stack, unique: str) -> None:
    """U10, A5: profile, search, files and their bytes, other sessions, keys; the token in hand within a second."""
    name, content = f"Ada {unique}", unique.encode() * 1000
    assert (await ada.call("PATCH", "/v1/users/me", json={"display_name": name})).status == 200
    file_id = (await ada.upload(content)).json()["id"]
    key = (await ada.call("POST", "/v1/auth/api-keys", json=KEY)).json()["key"]
    program = Visitor(ada.url, ada.address, ada.session, ada.email, {"access_token": key})
    elsewhere = anonymous(ada)
    assert (await elsewhere.login()).status == 200
    for path in (f"/v1/files/{file_id}/content", f"/v1/files/{file_id}"):
        assert (await program.call("GET", path)).status == 200

    async def found() -> bool:
        return bool((await grace.call("GET", "/v1/users", params={"q": name})).json()["items"])

    await eventually(found)
    assert stored(stack, content)
    assert (await ada.call("POST", DELETION, json={"password": PASSWORD})).status == 204

    async def refused_everywhere() -> bool:
        calls = [(ada, "/v1/users/me"), (elsewhere, "/v1/files"), (program, f"/v1/files/{file_id}")]
        return {(await who.call("GET", path)).status for who, path in calls} == {401}

    await eventually(refused_everywhere, within=1.0)
    refresh = {"refresh_token": elsewhere.tokens["refresh_token"]}
    assert (await anonymous(ada).call("POST", "/v1/auth/refresh", json=refresh)).status == 401
    assert (await anonymous(ada).login()).code == "invalid_credentials"

    async def gone() -> bool:
        profile = await grace.call("GET", f"/v1/users/{ada.user_id}")
        return profile.status == 404 and not await found() and not stored(stack, content)

    await eventually(gone)
    assert (await anonymous(ada).register(ada.email)).status == 201
