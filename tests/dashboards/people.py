"""What people do, well or badly, so that everything that is counted has been counted at least once."""

import asyncio
import hashlib
import io
from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from PIL import Image

from tests.dashboards.neighbour import Neighbour
from tests.e2e.visitor import PASSWORD, Reply, Visitor

_TUS = {"Tus-Resumable": "1.0.0"}
_WRONG = "not the password of anybody"
_NO_FILE = "/v1/files/public/01a2121e-f685-7505-97d4-23388ad376c9"
_PATHS = ("/v1/users/me", "/v1/files", "/", "/v1/nowhere", _NO_FILE)


async def visit_everything(ada: Visitor, neighbour: Neighbour) -> None:
    """Do each thing once that is counted; fails where the product doesn't do what it should."""
    _expect(await ada.register("ada@example.org"), 201)
    await _profile(ada)
    await _files(ada)
    await _credentials(ada)
    await _notice(ada)
    await _lobby(ada, neighbour)


async def come_and_go(visitor: Visitor) -> None:
    """Ask for this and that for ever, whatever comes back."""
    while True:
        for path in _PATHS:
            await _whatever(visitor, "GET", path)
        await _whatever(visitor, "PATCH", "/v1/users/me", json={"bio": "here and there"})
        await asyncio.sleep(0.05)  # a pace, not a wait


async def storm(visitors: list[Visitor]) -> set[int]:
    """Sign in and ask for mails, all at once: some wait, and limits refuse some. Return the statuses that came."""
    wrong = [each.login(_WRONG) for each in visitors for _ in range(3)]
    right = [each.login() for each in visitors for _ in range(4)]
    mails = [
        each.call("POST", "/v1/auth/password/forgot", json={"email": each.email}) for each in visitors for _ in range(5)
    ]
    return {reply.status for reply in await asyncio.gather(*wrong, *right, *mails)}


async def _profile(ada: Visitor) -> None:
    _expect(await ada.call("GET", "/v1/users/me", headers={"X-Forwarded-For": "198.51.100.7"}), 200)
    _expect(await ada.call("PATCH", "/v1/users/me", json={"display_name": "Ada"}), 200)
    _expect(await ada.call("GET", "/v1/users/nobody"), 404)


async def _files(ada: Visitor) -> None:
    _expect(await ada.upload(b"x", content_type="application/x-nothing"), 201)
    picture = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(picture, "PNG")
    stored = await ada.upload(picture.getvalue(), "picture.png", "image/png")
    file_id = _expect(stored, 201).json()["id"]
    _expect(await ada.call("GET", f"/v1/files/{file_id}/picture", params={"width": "32"}), 200)
    _expect(await ada.call("PATCH", f"/v1/files/{file_id}", json={"public": True}), 200)
    for _ in range(12):  # both workers keep it
        _expect(await ada.call("GET", f"/v1/files/public/{file_id}"), 200)
    _expect(await ada.call("PATCH", f"/v1/files/{file_id}", json={"name": "renamed.png"}), 200)
    shared = _expect(await ada.call("POST", f"/v1/files/{file_id}/shares", json={}), 201).json()
    _expect(await ada.call("GET", urlsplit(shared["content_url"]).path), 200)
    await _resumable(ada)
    _expect(await ada.call("DELETE", f"/v1/files/{file_id}"), 204)


async def _resumable(ada: Visitor) -> None:
    content = b"in pieces"
    begun = await ada.call("POST", "/v1/files/uploads", headers={**_TUS, "Upload-Length": str(len(content))})
    path = urlsplit(str(_expect(begun, 201).headers["Location"])).path
    checksum = b64encode(hashlib.sha1(content).digest()).decode()
    headers = {**_TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    headers["Upload-Checksum"] = f"sha1 {checksum}"
    _expect(await ada.call("PATCH", path, data=content, headers=headers), 204)


async def _credentials(ada: Visitor) -> None:
    """Refresh well, then with a token that was stolen long ago; use an API key and a cookie; be logged out."""
    first = ada.tokens
    for _ in range(2):
        ada.tokens = _expect(await _refresh(ada), 200).json()
        _expect(await ada.call("GET", "/v1/users/me"), 200)
    ada.tokens = first
    _expect(await _refresh(ada), 401)
    _expect(await ada.login(), 200)
    key = _expect(await ada.call("POST", "/v1/auth/api-keys", json={"name": "k", "scopes": ["users:read"]}), 201).json()
    program = Visitor(ada.url, ada.address, ada.session, "", {"access_token": key["key"]})
    _expect(await program.call("GET", "/v1/users/me"), 200)
    _expect(await ada.call("DELETE", f"/v1/auth/api-keys/{key['id']}"), 204)
    browser = {"email": ada.email, "password": PASSWORD, "session": "browser"}
    signed_in = _expect(await ada.call("POST", "/v1/auth/login", json=browser), 200)
    cookie = signed_in.headers["Set-Cookie"].partition(";")[0]
    nobody = Visitor(ada.url, ada.address, ada.session)
    _expect(await nobody.call("GET", "/v1/users/me", headers={"Cookie": cookie}), 200)


async def _refresh(ada: Visitor) -> Reply:
    return await ada.call("POST", "/v1/auth/refresh", json={"refresh_token": ada.tokens["refresh_token"]})


async def _notice(ada: Visitor) -> None:
    """Read what the gateway keeps, change it, and read it again."""
    for _ in range(8):  # both workers look it up
        _expect(await ada.call("GET", "/v1/notice"), 200)
    _expect(await ada.call("PUT", "/v1/notice"), 204)
    _expect(await ada.call("GET", "/v1/notice"), 200)


async def _lobby(ada: Visitor, neighbour: Neighbour) -> None:
    """Talk, then wait in such numbers that the service has no place for all, and one person has too many at once."""
    async with ada.session.ws_connect(f"{ada.url}/v1/lobby/talk", headers=ada.authorization()) as socket:
        await socket.send_str("hello")
        assert await socket.receive_str() == "hello"
    connector = aiohttp.TCPConnector(limit=0, ssl=ada.session.connector._ssl)  # type: ignore[union-attr]  # the same trust
    async with aiohttp.ClientSession(connector=connector) as crowd:
        many = [asyncio.create_task(_wait(crowd, ada)) for _ in range(300)]
        done, _ = await asyncio.wait(many, return_when=asyncio.FIRST_COMPLETED)
        assert done
        neighbour.open.set()
        assert {429, 503} & set(await asyncio.gather(*many))


async def _wait(crowd: aiohttp.ClientSession, ada: Visitor) -> int:
    async with crowd.get(f"{ada.url}/v1/lobby/wait", headers=ada.authorization()) as answer:
        return answer.status


async def _whatever(visitor: Visitor, method: str, path: str, **options: Any) -> None:
    try:
        await visitor.call(method, path, **options)
    except (aiohttp.ClientError, TimeoutError, OSError):
        await asyncio.sleep(0.1)  # as long as the gateway is away


def _expect(reply: Reply, status: int) -> Reply:
    assert reply.status == status, (reply.response.url, reply.status, reply.body[:300])
    return reply
