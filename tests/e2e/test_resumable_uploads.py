"""Resumable uploads through the gateway, by clients that know nothing of us, in every way that it is reached."""

import asyncio
import hashlib
import io
import os
from urllib.parse import urlsplit

import aiotus
import pytest
from tusclient.client import TusClient

from tests.e2e.places import Place, everywhere
from tests.e2e.visitor import PASSWORD, Reply, Visitor
from tests.waiting import eventually

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}
UPLOADS = "/v1/files/uploads"


async def begin(visitor: Visitor, length: int) -> tuple[Reply, str]:
    """Return the answer, and the upload's path."""
    made = await visitor.call("POST", UPLOADS, headers=TUS | {"Upload-Length": str(length)})
    assert made.status == 201, made.body
    return made, made.headers["Location"].removeprefix(visitor.url)


async def files_of(visitor: Visitor) -> list[dict[str, object]]:
    items: list[dict[str, object]] = (await visitor.call("GET", "/v1/files")).json()["items"]
    return items


@everywhere
async def test_location_is_below_the_public_url_whatever_a_request_claims(ada: Visitor, place: Place) -> None:
    """F9: Location ignores forwarded hosts."""
    spoofed = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "ftp", "X-Forwarded-Prefix": "/evil"}
    made = await ada.call("POST", UPLOADS, headers=TUS | spoofed | {"Host": "evil.example", "Upload-Length": "5"})
    assert made.headers["Location"].startswith(f"{place.url}{UPLOADS}/")

    path = made.headers["Location"].removeprefix(place.url)
    last = await ada.call("PATCH", path, data=b"hello", headers=TUS | BYTES | {"Upload-Offset": "0"})
    assert last.status == 204
    assert last.headers["Content-Location"].startswith(f"{place.prefix}/v1/files/")
    file = await ada.call("GET", last.headers["Content-Location"].removeprefix(place.prefix) + "/content")
    assert file.body == b"hello"


@everywhere
async def test_aiotus_uploads_whole_and_in_parallel_parts(ada: Visitor, place: Place) -> None:
    content = os.urandom(300_000)
    endpoint, headers = place.url + UPLOADS, ada.authorization()
    at = await aiotus.upload(
        endpoint, io.BytesIO(content), {"filename": b"one.bin"},
        client_session=ada.session, headers=headers, chunksize=100_000,
    )  # fmt: skip
    parts = [io.BytesIO(content[start : start + 100_000]) for start in range(0, 300_000, 100_000)]
    joined = await aiotus.upload_multiple(
        endpoint, parts, {"filename": b"two.bin"}, client_session=ada.session, headers=headers
    )  # fmt: skip
    assert at is not None
    assert joined is not None
    files = {file["name"]: file["sha256"] for file in await files_of(ada)}
    assert files == dict.fromkeys(("one.bin", "two.bin"), hashlib.sha256(content).hexdigest())


async def test_tuspy_uploads_and_resumes(ada: Visitor, place: Place) -> None:
    content = os.urandom(250_000)
    client = TusClient(place.url + UPLOADS, headers=ada.authorization())

    def upload(url: str | None, stop_at: int | None) -> tuple[str, int]:
        """Return the upload's URL, and where this one began."""
        told = {"metadata": {"filename": "tuspy.bin"}, "upload_checksum": True, "chunk_size": 100_000}
        uploader = client.uploader(file_stream=io.BytesIO(content), url=url, **told)
        begun_at: int = uploader.offset
        uploader.upload(stop_at)
        return str(uploader.url), begun_at

    url, begun_at = await asyncio.to_thread(upload, None, 100_000)
    assert begun_at == 0
    assert await asyncio.to_thread(upload, url, None) == (url, 100_000)
    (file,) = await files_of(ada)
    assert (file["name"], file["sha256"]) == ("tuspy.bin", hashlib.sha256(content).hexdigest())


async def test_tuspy_is_told_when_it_may_not(place: Place) -> None:
    client = TusClient(place.url + UPLOADS, headers={"Authorization": "Bearer nonsense"})
    with pytest.raises(Exception, match="status 401"):
        await asyncio.to_thread(client.uploader(file_stream=io.BytesIO(b"x")).upload)


async def test_options_needs_no_credential(visitor: Visitor) -> None:
    told = await visitor.call("OPTIONS", UPLOADS)
    assert told.status == 204
    assert "concatenation" in told.headers["Tus-Extension"]


async def test_page_of_our_own_uploads_by_the_sessions_cookie(ada: Visitor) -> None:
    """A26: and no other page does."""
    body = {"email": ada.email, "password": PASSWORD, "session": "browser"}
    signed_in = await ada.call("POST", "/v1/auth/login", json=body)
    cookie = signed_in.headers["Set-Cookie"].partition(";")[0]
    browser = Visitor(ada.url, ada.address, ada.session)
    ours = TUS | {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
    made = await browser.call("POST", UPLOADS, headers=ours | {"Upload-Length": "5"})
    path = made.headers["Location"].removeprefix(ada.url)
    theirs = ours | BYTES | {"Sec-Fetch-Site": "cross-site", "Upload-Offset": "0"}
    refused = await browser.call("PATCH", path, data=b"hello", headers=theirs)
    assert (refused.status, refused.code) == (403, "cross_site_request")
    last = await browser.call("PATCH", path, data=b"hello", headers=ours | BYTES | {"Upload-Offset": "0"})
    assert "Content-Location" in last.headers


async def test_post_may_stand_for_patch_and_delete(ada: Visitor) -> None:
    """G13: as tus has it for clients that can send neither, on these routes alone."""
    _, path = await begin(ada, 10)
    patch = TUS | BYTES | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    added = await ada.call("POST", path, data=b"hello", headers=patch)
    assert (added.status, added.headers["Upload-Offset"]) == (204, "5")
    for other in ("PUT", "GET", "", "patch"):
        refused = await ada.call("POST", path, headers=TUS | {"X-HTTP-Method-Override": other})
        assert (refused.status, refused.code) == (405, "method_not_allowed")
    ended = await ada.call("POST", path, headers=TUS | {"X-HTTP-Method-Override": "DELETE"})
    assert ended.status == 204
    assert (await ada.call("HEAD", path, headers=TUS)).status == 410


async def test_wrong_checksum_passes_the_gateway_as_such(ada: Visitor) -> None:
    """F10: bad checksum -> 460, offset unchanged."""
    _, path = await begin(ada, 5)
    headers = TUS | BYTES | {"Upload-Offset": "0", "Upload-Checksum": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="}
    refused = await ada.call("PATCH", path, data=b"hallo", headers=headers)
    assert (refused.status, refused.code) == (460, "checksum_mismatch")
    assert (await ada.call("HEAD", path, headers=TUS)).headers["Upload-Offset"] == "0"


async def test_body_that_breaks_off_at_the_gateway_is_kept_as_far_as_it_came(ada: Visitor, place: Place) -> None:
    _, path = await begin(ada, 1_000_000)
    parts = urlsplit(place.url)
    head = [f"PATCH {path} HTTP/1.1", f"Host: {parts.netloc}", "Content-Length: 1000000", "Upload-Offset: 0"]
    head += [f"{name}: {value}" for name, value in {**TUS, **BYTES, **ada.authorization()}.items()]
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + b"x" * 600_000)
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    async def offset() -> int:
        return int((await ada.call("HEAD", path, headers=TUS)).headers["Upload-Offset"])

    kept = await eventually(offset)
    assert kept <= 600_000
    rest = b"x" * (1_000_000 - kept)
    last = await ada.call("PATCH", path, data=rest, headers=TUS | BYTES | {"Upload-Offset": str(kept)})
    assert "Content-Location" in last.headers
