"""Downloads that are sent to the S3 server itself, which checks what we signed."""

import secrets
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientResponse, ClientSession

from shared.ids import uuid7
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.s3_server import S3Server
from tests.stores import Databases

pytestmark = pytest.mark.s3


@pytest.fixture(scope="session")
async def redirecting(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, s3_server: S3Server
) -> AsyncIterator[RunningService]:
    environ = s3_server.environ("files", f"public/{secrets.token_hex(8)}")
    environ |= {"FILES_ROOT": "", "FILES_PUBLIC_ENDPOINT": s3_server.url}
    folder = tmp_path_factory.mktemp("redirecting")
    async with databases.clone("file_service") as urls, running_service(urls, folder, **environ) as running:
        yield running


@pytest.fixture
def ada(redirecting: RunningService) -> Person:
    return redirecting.person(uuid7())


@pytest.fixture
async def stranger() -> AsyncIterator[ClientSession]:
    """Somebody with nothing but a URL."""
    async with ClientSession() as session:
        yield session


async def ask(person: Person, file_id: str, method: str = "GET", **headers: str) -> ClientResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()} | dict(person.headers)
    path = f"/v1/files/{file_id}/content"
    return await person.client.request(method, path, headers=named, allow_redirects=False)


async def test_a_download_comes_from_the_store_as_we_would_send_it(ada: Person, stranger: ClientSession) -> None:
    view = await ada.upload(b"<b>content</b>", "ä.html", "text/html")
    answer = await ask(ada, view["id"])
    assert (answer.status, answer.headers["Cache-Control"]) == (307, "private, no-store")
    async with stranger.get(answer.headers["Location"]) as got:
        assert (got.status, await got.read()) == (200, b"<b>content</b>")
        assert got.headers["Content-Type"] == view["content_type"]
        assert got.headers["Content-Disposition"] == "attachment; filename=\"_.html\"; filename*=UTF-8''%C3%A4.html"
        assert got.headers["Cache-Control"] == "private, no-cache"
    async with stranger.get(answer.headers["Location"], headers={"Range": "bytes=3-9"}) as part:
        assert (part.status, await part.read()) == (206, b"content")


async def test_text_from_the_store_is_told_to_be_utf8(ada: Person, stranger: ClientSession) -> None:
    view = await ada.upload("Gr\u00fc\u00dfe".encode(), "a.txt", "text/plain")
    async with stranger.get((await ask(ada, view["id"])).headers["Location"]) as got:
        assert got.headers["Content-Type"] == "text/plain; charset=utf-8"


async def test_what_was_signed_can_not_be_changed(ada: Person, stranger: ClientSession) -> None:
    """F13: path, method, expiry, another or an added parameter -> 403."""
    view, other = await ada.upload(b"content"), await ada.upload(b"other")
    url, of_other = [(await ask(ada, each["id"])).headers["Location"] for each in (view, other)]
    forged = [
        url.replace(urlsplit(url).path, urlsplit(of_other).path),
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        url.replace("attachment", "inline"),
        f"{url}&response-content-language=en",
    ]
    for each in forged:
        assert each != url
        async with stranger.get(each) as got:
            assert got.status == 403
    for method in ("PUT", "DELETE"):
        async with stranger.request(method, url) as got:
            assert got.status == 403
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["60"]


async def test_a_deleted_file_is_gone_there_too(redirecting: RunningService, ada: Person) -> None:
    view = await ada.upload(b"content")
    assert (await ask(ada, view["id"])).status == 307
    assert await ada.delete(view["id"]) == 204
    assert (await ask(ada, view["id"])).status == 404


@pytest.mark.parametrize(("headers", "status"), [
    ({"If_None_Match": "*"}, 304), ({"If_Match": '"x"'}, 412), ({"Range": "bytes=99-"}, 416),
])  # fmt: skip
async def test_what_needs_no_bytes_is_answered_here(ada: Person, headers: dict[str, str], status: int) -> None:
    view = await ada.upload(b"content")
    assert (await ask(ada, view["id"], **headers)).status == status


async def test_what_the_store_does_not_understand_is_answered_here(ada: Person) -> None:
    """Our entity tags are not the store's."""
    view = await ada.upload(b"content")
    head = await ask(ada, view["id"], "HEAD")
    assert (head.status, head.headers["Content-Length"]) == (200, "7")
    part = await ask(ada, view["id"], Range="bytes=3-", If_Range=f'"{view["sha256"]}"')
    assert (part.status, await part.read()) == (206, b"tent")


async def test_a_file_of_several_blobs_is_sent_by_us(redirecting: RunningService, ada: Person) -> None:
    view, more = await ada.upload(b"content"), await ada.upload(b" and more")
    await redirecting.fetch(
        "update files.blob set holder_id = $1::uuid, start = 7 where holder_id = $2::uuid", view["id"], more["id"]
    )
    await redirecting.fetch("update files.file set size = 16 where file_id = $1::uuid", view["id"])
    answer = await ask(ada, view["id"])
    assert (answer.status, await answer.read()) == (200, b"content and more")


async def test_an_export_is_never_redirected(redirecting: RunningService, ada: Person) -> None:
    """auth_service reads it, and may not reach the public endpoint."""
    view = await ada.upload(b"content")
    path = f"/internal/exports/{ada.user_id}/{view['id']}"
    answer = await redirecting.private.get(path, headers=redirecting.asked_by_auth_service(), allow_redirects=False)
    assert (answer.status, await answer.read()) == (200, b"content")
