"""What holds for every way to a file's bytes (F14: side routes -> the same check)."""

import asyncio
import hashlib
import io
import os
import zipfile

import pytest

from tests.integration.file_service.links import Stranger, patch
from tests.integration.file_service.raw import open_raw
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.test_download import open_blobs
from tests.integration.file_service.ways import WAYS, Open, Way
from tests.waiting import eventually

CONTENT = os.urandom(50_000)
ETAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'

pytestmark = pytest.mark.parametrize("opened", WAYS.values(), ids=WAYS)


@pytest.fixture
async def way(opened: Open, service: RunningService, ada: Person) -> Way:
    return await opened(service, ada, (await ada.upload(CONTENT))["id"])


async def test_it_gives_the_bytes_whole_in_part_and_not_at_all(way: Way) -> None:
    answer = await way.ask()
    assert (answer.status, await answer.read(), answer.headers["ETag"]) == (200, CONTENT, ETAG)
    part = await way.ask(headers={"Range": "bytes=10-19"})
    assert (part.status, await part.read()) == (206, CONTENT[10:20])
    head = await way.ask("HEAD")
    assert (head.status, head.headers["Content-Length"], await head.read()) == (200, "50000", b"")
    assert (await way.ask(headers={"If-None-Match": ETAG})).status == 304
    assert (await way.ask(headers={"If-Match": '"x"'})).status == 412


async def test_what_a_reader_has_already_takes_on_what_has_changed_about_it(
    service: RunningService, ada: Person, opened: Open
) -> None:
    """A cache keeps its old headers but for those that a 304 has (RFC 9111, 3.2), and a new name changes no byte."""
    view = await ada.upload(CAN_NOT["image/png"], "old.png")
    way = await opened(service, ada, view["id"])
    assert (await patch(ada, view["id"], name="new.png")).status == 200
    whole = await way.ask()
    known = await way.ask(headers={"If-None-Match": whole.headers["ETag"]})
    assert known.status == 304
    assert known.headers["Content-Disposition"] == 'inline; filename="new.png"'
    for name in ("Content-Disposition", "Content-Security-Policy", "Cache-Control", "ETag", "Last-Modified"):
        assert known.headers[name] == whole.headers[name]


HOSTILE_RANGES = [
    ("bytes=" + ",".join(f"{n}-{n}" for n in range(1000)), None, 200),
    ("bytes=0-0, 2-2", None, 200),
    (f"bytes={2**64}-", None, 416),
    (f"bytes=0-{2**64}", None, 206),
    ("bytes=" + "9" * 5000 + "-", None, 200),
    ("bytes=-0", None, 416),
    ("bytes=5-2", None, 200),
    ("bytes=\u0661-", None, 200),
    ("bytes=0-1", f"W/{ETAG}", 200),
    ("bytes=0-1", '"other"', 200),
    ("bytes=0-1", "x" * 5000, 200),
    ("bytes=0-1", "Sun, 99 Nov 2026 99:99:99 GMT", 200),
    ("bytes=0-1", ETAG, 206),
]


async def test_hostile_ranges_cost_no_more_than_honest_ones(way: Way) -> None:
    """F15: 1,000 ranges, 2^64, bad If-Range -> 416 or 200."""
    for asked, if_range, status in HOSTILE_RANGES:
        answer = await way.ask(headers={"Range": asked} | ({"If-Range": if_range} if if_range else {}))
        assert (asked[:40], if_range, answer.status) == (asked[:40], if_range, status)
        body = await answer.read()
        assert len(body) <= len(CONTENT) or status == 416


def _polyglot() -> bytes:
    """Return an archive that begins as a picture does."""
    buffer = io.BytesIO(b"GIF89a" + bytes(50))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("a.html", "<script>alert(1)</script>")
    return buffer.getvalue()


CAN_RUN = {
    "text/html": b"<!doctype html><script>alert(1)</script>",
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "application/xml": b'<?xml version="1.0"?><x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>',
    "application/xhtml+xml": b'<?xml version="1.0"?><x xmlns="http://www.w3.org/1999/xhtml"/>',
    "text/javascript": b"alert(1)",
    "application/pdf": b"%PDF-1.7\n1 0 obj << /OpenAction << /S /JavaScript >> >>",
    "text/css": b"body { background: url(//evil.example) }",
    "application/wasm": b"\0asm\1\0\0\0",
}
TAKEN_BY_PAGES = {
    "text/javascript": "text/plain; charset=utf-8",
    "text/css": "text/plain; charset=utf-8",
    "application/wasm": "application/octet-stream",
}
CAN_NOT = {
    "image/png": b"\x89PNG\r\n\x1a\n" + bytes(50),
    "image/gif": _polyglot(),
    "audio/wav": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(30),
    "text/plain": b"GIF89a/*<script>alert(1)</script>*/=1;",
}


@pytest.mark.parametrize("kind", CAN_RUN)
async def test_what_could_run_is_never_shown(service: RunningService, ada: Person, opened: Open, kind: str) -> None:
    """F12: HTML, SVG, XML -> attachment + nosniff + sandbox, also where the link asks for inline."""
    view = await ada.upload(CAN_RUN[kind], "a.picture", kind)
    answer = await (await opened(service, ada, view["id"])).ask()
    assert await answer.read() == CAN_RUN[kind]
    assert (view["content_type"], answer.headers["Content-Type"]) == (kind, TAKEN_BY_PAGES.get(kind, kind))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.picture"'
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", CAN_NOT)
async def test_what_is_shown_is_of_its_type_alone(
    service: RunningService, ada: Person, opened: Open, kind: str
) -> None:
    """F12: a GIF polyglot is a picture to every browser, or text, and runs nothing as either."""
    view = await ada.upload(CAN_NOT[kind], "a.page", kind)
    answer = await (await opened(service, ada, view["id"])).ask()
    assert await answer.read() == CAN_NOT[kind]
    assert answer.headers["Content-Type"].removesuffix("; charset=utf-8") == view["content_type"]
    assert answer.headers["Content-Disposition"] == 'inline; filename="a.page"'
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    assert policy[-1] in ("sandbox", "sandbox allow-same-origin")
    assert not any(each.startswith("script-src") or "allow-scripts" in each for each in policy)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("encoding", "told"), [("utf-8", "text/plain; charset=utf-8"), ("latin-1", "text/plain")])
async def test_text_is_told_to_be_utf8_where_it_is(
    service: RunningService, ada: Person, opened: Open, encoding: str, told: str
) -> None:
    """Browsers take what says nothing for windows-1252."""
    view = await ada.upload("Gr\u00fc\u00dfe\n".encode(encoding) * 2000, "a.txt", "text/plain")
    assert view["content_type"] == "text/plain"
    way = await opened(service, ada, view["id"])
    for method, headers in (("HEAD", {}), ("GET", {"Range": "bytes=3-9"}), ("GET", {})):
        answer = await way.ask(method, headers=headers)
        assert (answer.status, answer.headers["Content-Type"]) == (206 if headers else 200, told)


async def test_download_that_has_begun_survives_the_deletion(
    service: RunningService, ada: Person, opened: Open
) -> None:
    """F20: delete against download -> the whole file, and nothing afterwards."""
    content = os.urandom(8_000_000)
    view = await ada.upload(content)
    way = await opened(service, ada, view["id"])
    answer = await way.ask()
    first = await answer.content.readexactly(1000)
    assert await ada.delete(view["id"]) == 204
    await service.settled(blobs=0)
    assert hashlib.sha256(first + await answer.read()).hexdigest() == view["sha256"]
    after = await way.ask()
    assert (after.status, (await after.json())["code"]) == way.gone


async def test_downloads_racing_a_deletion_are_whole_or_absent(
    service: RunningService, ada: Person, opened: Open
) -> None:
    """F20: the whole file or none of it, never mixed."""
    view = await ada.upload(CONTENT)
    way = await opened(service, ada, view["id"])

    async def download() -> bytes | None:
        answer = await way.ask()
        body = await answer.read()
        assert answer.status in (200, 403, 404)
        return body if answer.status == 200 else None

    *seen, _ = await asyncio.gather(*(download() for _ in range(10)), ada.delete(view["id"]))
    assert set(seen) <= {CONTENT, None}


async def test_client_that_goes_away_frees_the_file(service: RunningService, ada: Person, opened: Open) -> None:
    """F22: abort -> handle freed."""
    way = await opened(service, ada, (await ada.upload(os.urandom(20_000_000)))["id"])
    async with open_raw(service.public) as (reader, writer):
        headers = {**Stranger(service).headers, **way.headers}
        lines = [f"GET {way.path} HTTP/1.1", "Host: test", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await reader.readexactly(100_000)
        assert open_blobs(service) == 1
        writer.transport.abort()

        async def freed() -> bool:
            return open_blobs(service) == 0

        await eventually(freed)
