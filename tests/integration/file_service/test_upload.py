import gzip
import hashlib
import io
import os

import pytest
from aiohttp import FormData, MultipartWriter

from tests.integration.file_service.running_service import Person, RunningService

PART = b'--b\r\nContent-Disposition: form-data; name="file"\r\n'
SENT_AS = {"text/javascript": "text/plain; charset=utf-8", "text/plain": "text/plain; charset=utf-8"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0" * 100


async def test_uploaded_file_is_readable_at_its_location(service: RunningService, ada: Person) -> None:
    content = os.urandom(700_000)
    response = await ada.post(content, {"Content-Type": "application/x-own"}, name="Ünï.bin")
    view = await response.json()

    assert response.status == 201
    told = {"id", "name", "size", "content_type", "sha256", "purpose", "created_at", "public", "via", "check", "threat"}
    assert set(view) == told
    assert (view["name"], view["size"], view["sha256"]) == ("Ünï.bin", 700_000, hashlib.sha256(content).hexdigest())
    assert response.headers["Location"] == f"/v1/files/{view['id']}"
    read = await ada.get(response.headers["Location"])
    assert (await read.json(), read.headers["ETag"]) == (view, response.headers["ETag"])
    assert await (await ada.content(view["id"])).read() == content
    await service.settled(blobs=1)


async def test_form_is_taken_with_the_name_and_type_of_its_part(ada: Person) -> None:
    form = FormData(quote_fields=False)  # as browsers write names
    form.add_field("csrf_token", "let pass")
    form.add_field("file", PNG, filename="Bild ü.png", content_type="image/png")
    form.add_field("comment", "let pass")
    view = await (await ada.post(form)).json()
    assert (view["name"], view["content_type"], view["size"]) == ("Bild ü.png", "image/png", len(PNG))
    assert await (await ada.content(view["id"])).read() == PNG


async def test_form_of_many_megabytes_arrives_whole(ada: Person) -> None:
    content = os.urandom(5_000_000) + b"\r\n--"
    form = FormData()
    form.add_field("file", io.BytesIO(content), filename="big")
    view = await (await ada.post(form)).json()
    assert view["sha256"] == hashlib.sha256(content).hexdigest()


async def test_extended_file_name_goes_before_the_plain_one(ada: Person) -> None:
    with MultipartWriter("form-data") as writer:
        part = writer.append(b"x")
        part.headers["Content-Disposition"] = "form-data; name=file; filename=_.txt; filename*=UTF-8''%E2%82%AC.txt"
    view = await (await ada.post(writer)).json()
    assert view["name"] == "€.txt"


async def test_name_in_the_query_may_hold_what_honest_names_hold(ada: Person) -> None:
    """Screenshots of a Mac have a narrow no-break space in their name, pictures of a phone joined emoji."""
    answer = await ada.post(b"\x89PNG\r\n\x1a\n", name="Screenshot 3.04\u202fPM \U0001f469\u200d\U0001f680.png")
    assert (await answer.json())["name"] == "Screenshot 3.04 PM \U0001f469\U0001f680.png"


async def test_file_without_bytes_and_name_is_stored(ada: Person) -> None:
    view = await (await ada.post(b"")).json()
    assert (view["name"], view["size"]) == ("unnamed", 0)
    answer = await ada.content(view["id"])
    assert (answer.status, await answer.read()) == (200, b"")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param("../../../etc/cron.d/x", "x", id="traversal"),
        pytest.param('a"; filename="evil.exe', 'a"; filename="evil.exe', id="quotes"),
        pytest.param("n" * 300 + ".txt", "n" * 251 + ".txt", id="304 bytes"),
        pytest.param("NUL.txt", "_NUL.txt", id="device"),
        pytest.param("%00%0d%0a.txt", "%00%0d%0a.txt", id="percent signs of its own"),
    ],
)
async def test_hostile_name_is_a_label_and_never_a_path(
    service: RunningService, ada: Person, sent: str, kept: str
) -> None:
    """F11: never part of a storage key; safe filename*."""
    view = await ada.upload(b"x", name=sent)
    assert view["name"] == kept
    (blob,) = service.blobs()
    assert blob.relative_to(service.root).parts[0] == "blobs"
    assert len(blob.name) == 32
    assert set(blob.name) <= set("0123456789abcdef")
    disposition = (await ada.content(view["id"])).headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="')
    assert disposition.count('"') == 2


async def test_hostile_name_in_a_form_is_a_label(ada: Person) -> None:
    """F11: CRLF, NUL and bytes that aren't UTF-8, straight into the part's header."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="..\\..\\a%0D%0AX-Evil: 1\xff\0.txt"\r\n\r\n'
    response = await ada.post(head + b"x\r\n--b--\r\n", {"Content-Type": "multipart/form-data; boundary=b"})
    view = await response.json()
    assert view["name"] == "a X-Evil: 1\ufffd.txt"
    headers = (await ada.content(view["id"])).headers
    assert "X-Evil" not in headers
    assert headers["Content-Disposition"].endswith("filename*=UTF-8''a%20X-Evil%3A%201%EF%BF%BD.txt")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"", 400, "malformed_body", id="nothing"),
        pytest.param(b"--b--\r\n", 400, "malformed_body", id="no part"),
        pytest.param(PART + b"\r\nx", 400, "malformed_body", id="cut"),
        pytest.param(
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nx\r\n--b--', 400, "malformed_body", id="other"
        ),
        pytest.param(
            b'--b\r\nContent-Disposition: form-data; name="x"; filename="y"\r\n\r\nx\r\n--b--',
            400,
            "malformed_body",
            id="a file under another name",
        ),
        pytest.param(
            (PART + b"\r\nx\r\n") * 2 + b"--b--",
            400,
            "malformed_body",
            id="two files",
        ),
        pytest.param(b"--b\r\n\r\nx\r\n--b--", 400, "malformed_body", id="a part without headers"),
        pytest.param(
            PART + b"Content-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--",
            400,
            "malformed_body",
            id="encoded",
        ),
        pytest.param(
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n' * 30, 413, "too_many_parts", id="30 parts"
        ),
        pytest.param(b"--b\r\nA: " + b"x" * 20_000, 413, "too_many_parts", id="huge part headers"),
        pytest.param(
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"x" * 70_000,
            413,
            "too_many_parts",
            id="huge field",
        ),
    ],
)
async def test_broken_form_is_refused_and_leaves_nothing(
    service: RunningService, ada: Person, body: bytes, status: int, code: str
) -> None:
    """F17: many parts, huge part headers -> 413."""
    response = await ada.post(body, {"Content-Type": "multipart/form-data; boundary=b"})
    assert (response.status, (await response.json())["code"]) == (status, code)
    await service.settled(blobs=0)


@pytest.mark.parametrize("content_type", ["multipart/form-data", 'multipart/form-data; boundary="a\tb"'])
async def test_form_without_a_boundary_is_refused(ada: Person, content_type: str) -> None:
    response = await ada.post(b"x", {"Content-Type": content_type})
    assert (response.status, (await response.json())["code"]) == (400, "malformed_body")


async def test_compressed_body_is_refused(ada: Person) -> None:
    """G19: a gzip bomb isn't even opened."""
    response = await ada.post(io.BytesIO(gzip.compress(b"x" * 1000)), {"Content-Encoding": "gzip"})
    assert (response.status, (await response.json())["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("content", "declared", "kept"),
    [
        pytest.param(b"<!doctype html><script>alert(1)</script>", "text/plain", "text/html", id="HTML"),
        pytest.param(b"<svg onload='alert(1)'/>", "image/png", "image/svg+xml", id="SVG"),
        pytest.param(b"GIF89a\1\0\1\0/*<script>*/", "image/gif", "image/gif", id="GIF polyglot"),
        pytest.param(rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR", "application/pdf", "text/plain", id="EICAR"),
        pytest.param(b"alert(1)", "text/javascript", "text/javascript", id="script"),
    ],
)
async def test_no_file_is_ever_run_or_shown_in_place(ada: Person, content: bytes, declared: str, kept: str) -> None:
    """F12: HTML, SVG, GIF polyglot, EICAR -> attachment + nosniff + sandbox."""
    view = await ada.upload(content, "page", declared)
    assert view["content_type"] == kept
    headers = (await ada.content(view["id"])).headers
    assert headers["Content-Type"] == SENT_AS.get(kept, kept)
    assert headers["Content-Disposition"] == 'attachment; filename="page"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
