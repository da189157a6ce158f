"""What resumable uploads refuse, and what stays as it was then."""

import asyncio
import resource
from collections.abc import AsyncIterator

import pytest

from shared.identity import Identity, Kind
from shared.ids import uuid7
from tests.integration.file_service.raw import open_raw, request_head
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.uploading import (
    BYTES,
    TUS,
    UPLOADS,
    Uploader,
    checksum,
    code,
    files,
    in_balance,
    metadata,
    usage,
)


@pytest.fixture
def eve(small_service: RunningService) -> Uploader:
    """1 MB a file, 2 MB in all."""
    return Uploader(small_service.person(uuid7()))


@pytest.mark.parametrize("version", ["0.2.2", "1.0.1", "", "1.0.0, 1.0.0"])
async def test_other_versions_are_refused(uploader: Uploader, version: str) -> None:
    upload = await uploader.begin(5)
    for method, path in (("POST", UPLOADS), ("HEAD", ""), ("PATCH", ""), ("DELETE", "")):
        refused = await upload.ask(method, path, **{"Tus-Resumable": version})
        assert (refused.status, refused.headers["Tus-Version"]) == (412, "1.0.0")
        assert refused.headers["Tus-Resumable"] == "1.0.0"
    assert await upload.offset() == 0


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"Upload-Length": "-1"}, id="negative"),
        pytest.param({"Upload-Length": "+1"}, id="signed"),
        pytest.param({"Upload-Length": "9223372036854775808"}, id="2^63"),
        pytest.param({"Upload-Length": "9" * 5000}, id="5,000 digits"),
        pytest.param({"Upload-Length": "\u0661\u0662"}, id="Unicode digits"),
        pytest.param({"Upload-Length": "1_0"}, id="underscore"),
        pytest.param({"Upload-Length": ""}, id="empty"),
        pytest.param({"Upload-Length": "5", "Upload-Defer-Length": "1"}, id="told and deferred"),
        pytest.param({"Upload-Defer-Length": "2"}, id="deferred otherwise"),
    ],
)
async def test_bad_length_is_refused(ada: Person, uploader: Uploader, headers: dict[str, str]) -> None:
    """F6: Upload-Length -1, +1, 2^63, Unicode -> 400."""
    refused = await uploader.post(**headers)
    assert (refused.status, await code(refused)) == (400, "malformed_upload_header")
    assert (await usage(ada))["reserved"] == 0


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("filename not*base64", id="no Base64"),
        pytest.param("filename YQ", id="no padding"),
        pytest.param("filename YQ==,filename YQ==", id="a key twice"),
        pytest.param("filename YQ==,,x YQ==", id="an empty pair"),
        pytest.param("filename /w==", id="no UTF-8"),
        pytest.param("filetype AA==", id="NUL in the type"),
        pytest.param("f\u00efle YQ==", id="a key beyond ASCII"),
        pytest.param("x " + "YQ==" * 1100, id="too long"),
    ],
)
async def test_bad_metadata_is_refused(uploader: Uploader, value: str) -> None:
    """F6: bad metadata -> 400."""
    refused = await uploader.post(**{"Upload-Length": "5", "Upload-Metadata": value})
    assert (refused.status, await code(refused)) == (400, "malformed_upload_header")


async def test_hostile_name_becomes_a_label(service: RunningService, ada: Person, uploader: Uploader) -> None:
    """F11: never part of a storage key."""
    name = "../../etc/\r\npasswd\0\u202egpj.exe"
    finished = await uploader.post(b"x", Upload_Length="1", **BYTES, **metadata(filename=name, relativePath=name))
    file = await (await ada.get(finished.headers["Content-Location"])).json()
    assert file["name"] == "passwdgpj.exe"
    assert {blob.parent.parent for blob in service.blobs()} == {service.root / "blobs"}


async def test_header_that_is_there_twice_is_refused(ada: Person, uploader: Uploader) -> None:
    """U8"""
    upload = await uploader.begin(5)
    sent = [*{**ada.headers, **TUS, **BYTES}.items(), ("Upload-Offset", "0"), ("Upload-Offset", "0")]
    refused = await ada.client.patch(upload.path, data=b"x", headers=sent)
    assert refused.status == 400


async def unannounced(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_bytes_past_the_length_are_refused_and_not_stored(service: RunningService, uploader: Uploader) -> None:
    """F2: bytes past Upload-Length -> 413, excess not stored; announced or not."""
    upload = await uploader.begin(5)
    refused = await upload.patch(b"hello!", 0)
    assert (refused.status, await code(refused)) == (413, "upload_length_exceeded")

    refused = await upload.patch(unannounced(b"hel", b"lo!"), 0)
    assert (refused.status, await code(refused)) == (413, "upload_length_exceeded")
    assert await upload.offset() == 0
    await service.settled(blobs=0)
    refused = await uploader.post(b"hello!", Upload_Length="5", **BYTES)
    assert (refused.status, await code(refused)) == (413, "upload_length_exceeded")
    assert (await usage(uploader.person))["reserved"] == 5


@pytest.mark.parametrize("content_type", ["application/octet-stream", "", "application/offset+octet-stream2"])
async def test_bytes_of_another_type_are_refused(uploader: Uploader, content_type: str) -> None:
    upload = await uploader.begin(5)
    refused = await upload.patch(b"hello", 0, Content_Type=content_type)
    assert (refused.status, await code(refused)) == (415, "unsupported_media_type")
    assert await upload.offset() == 0


@pytest.mark.parametrize(
    ("method", "path"), [("POST", UPLOADS), ("HEAD", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "")]
)
async def test_nobody_comes_in_without_an_assertion(
    service: RunningService, uploader: Uploader, method: str, path: str
) -> None:
    """U9: the service's port without X-Identity -> 401; anonymously too."""
    upload = await uploader.begin(5)
    for headers in ({}, service.asserted(Identity(Kind.ANONYMOUS))):
        answer = await service.public.request(method, path or upload.path, headers={**headers, **TUS})
        assert answer.status == 401


async def test_anothers_upload_is_as_absent_as_none(ada: Person, bob: Person, uploader: Uploader) -> None:
    """F8: another user's upload URL -> 404."""
    upload = await uploader.begin(5)
    theirs = upload.by(bob)
    answers = [await theirs.ask("HEAD"), await theirs.ask("DELETE"), await theirs.patch(b"hello", 0)]
    answers.append(await theirs.ask("POST", data=b"hello", **BYTES, Upload_Offset="0", X_HTTP_Method_Override="PATCH"))
    assert [answer.status for answer in answers] == [404] * 4
    assert await upload.offset() == 0


@pytest.mark.parametrize("token", ["x", "%00", "upl_" + "x" * 49, "..%2f..%2f", "x" * 1000])
async def test_what_is_no_token_names_nothing(uploader: Uploader, token: str) -> None:
    assert (await uploader.ask("HEAD", f"{UPLOADS}/{token}")).status == 404


async def test_upload_urls_are_not_in_the_database(service: RunningService, uploader: Uploader) -> None:
    upload = await uploader.begin(5)
    (row,) = await service.fetch("select upload::text as everything from files.upload")
    assert upload.path.rpartition("/")[2] not in row["everything"]


async def test_type_is_refused_as_soon_as_the_head_is_known(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    """F12: for pictures, what is none ends the upload long before its last byte, and gives back what it reserved."""
    upload = await uploader.begin(1_000_000, **metadata(filename="a.png", filetype="image/png", purpose="picture"))
    await upload.add(b"<html>" + b"x" * 4000, 0)
    refused = await upload.patch(b"x" * 100_000, 4006)
    assert (refused.status, await code(refused)) == (422, "type_not_allowed")
    assert (await upload.ask("HEAD")).status == 410
    assert (await usage(ada))["reserved"] == 0
    await service.settled(blobs=0)
    short = await uploader.post(b"<html>", Upload_Length="6", **BYTES, **metadata(purpose="picture"))
    assert (short.status, await code(short)) == (422, "type_not_allowed")
    await service.settled(blobs=0)


async def test_unknown_purpose_is_refused(uploader: Uploader) -> None:
    refused = await uploader.post(**{"Upload-Length": "5", **metadata(purpose="nonsense")})
    assert (refused.status, await code(refused)) == (422, "unknown_purpose")


@pytest.mark.parametrize("chunked", [False, True], ids=["of known length", "chunked"])
async def test_bytes_beside_an_upload_that_needs_none_leave_nothing(
    service: RunningService,
    ada: Person,
    uploader: Uploader,
    chunked: bool,  # noqa: FBT001  a case
) -> None:
    """It would be a file before they are refused."""
    refused = await uploader.post(unannounced(b"hello") if chunked else b"hello", **BYTES, Upload_Length="0")
    assert (refused.status, await code(refused)) == (413, "upload_length_exceeded")
    assert await files(ada) == []
    await service.settled(blobs=0)


@pytest.mark.parametrize("chunked", [False, True], ids=["of known length", "chunked"])
async def test_bytes_beside_a_final_upload_leave_its_parts_alone(
    ada: Person,
    uploader: Uploader,
    chunked: bool,  # noqa: FBT001  a case
) -> None:
    part = await uploader.begin(5, Upload_Concat="partial")
    await part.add(b"hello", 0)
    sent = unannounced(b"x") if chunked else b"x"
    refused = await uploader.post(sent, **BYTES, Upload_Concat=f"final;{part.path}")
    assert (refused.status, await code(refused)) == (403, "upload_takes_no_bytes")
    assert await files(ada) == []
    assert await part.offset() == 5
    whole = await uploader.post(unannounced(), **BYTES, Upload_Concat=f"final;{part.path}")
    assert await uploader.content(whole) == b"hello"


async def test_empty_body_beside_an_upload_that_needs_none_is_as_good_as_none(ada: Person, uploader: Uploader) -> None:
    wrong = await uploader.post(unannounced(), **BYTES, **checksum(b"x"), Upload_Length="0")
    assert (wrong.status, await code(wrong)) == (460, "checksum_mismatch")
    assert await files(ada) == []
    uploader.at(await uploader.post(unannounced(), **BYTES, **checksum(b""), Upload_Length="0"))
    assert [file["size"] for file in await files(ada)] == [0]


async def test_stalled_upload_keeps_what_came(small_service: RunningService, eve: Uploader) -> None:
    upload = await eve.begin(900_000)
    headers = {**TUS, **BYTES, "Upload-Offset": 0, "Content-Length": 900_000}
    async with open_raw(small_service.public) as (reader, writer):
        writer.write(request_head("PATCH", upload.path, eve.person, headers) + b"x" * 400_000)
        assert (await asyncio.wait_for(reader.readline(), 10)).startswith(b"HTTP/1.1 408 ")
    assert await upload.offset() == 400_000
    assert await in_balance(small_service, eve.person.user_id)


async def test_full_disk_is_told_and_the_offset_stays(service: RunningService, uploader: Uploader) -> None:
    """F19: disk full -> 507; no metadata without a blob."""
    upload = await uploader.begin(2_000_000)
    await upload.add(b"x" * 500_000, 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))  # to a writer, the same as a full disk
    try:
        refused = await upload.patch(b"x" * 1_500_000, 500_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (refused.status, await code(refused)) == (507, "insufficient_storage")
    assert await upload.offset() == 500_000
    await service.settled(blobs=1)
    await upload.add(b"x" * 1_500_000, 500_000)


async def test_storage_that_is_away_is_unavailable_and_the_offset_stays(
    service: RunningService, uploader: Uploader
) -> None:
    """F19: 503, and no metadata without a blob."""
    upload = await uploader.begin(10)
    await upload.add(b"hello", 0)
    blobs = service.root / "blobs"
    blobs.rename(service.root / "elsewhere")
    try:
        refused = await upload.patch(b"world", 5)
    finally:
        (service.root / "elsewhere").rename(blobs)
    assert (refused.status, await code(refused)) == (503, "unavailable")
    assert await upload.offset() == 5
    assert await upload.content(await upload.add(b"world", 5)) == b"helloworld"


async def test_a_million_one_byte_chunks_are_one_piece(
    service: RunningService, ada: Person, uploader: Uploader
) -> None:
    """G17"""
    upload = await uploader.begin(100_000)
    headers = {**TUS, **BYTES, "Upload-Offset": 0, "Transfer-Encoding": "chunked"}
    async with open_raw(service.public) as (reader, writer):
        writer.write(request_head("PATCH", upload.path, ada, headers))
        for _ in range(100):
            writer.write(b"1\r\nx\r\n" * 1000)
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        assert (await asyncio.wait_for(reader.readline(), 20)).startswith(b"HTTP/1.1 204 ")
    await service.settled(blobs=1)
    assert [blob.stat().st_size for blob in service.blobs()] == [100_000]
