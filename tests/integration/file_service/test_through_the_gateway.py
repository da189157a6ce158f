"""Files for people without an account, through a real gateway with the routes that it comes with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from shared.ids import uuid7
from tests.integration.file_service.links import content_of, drop_of, patch, publish, share, sign, upload_link
from tests.integration.file_service.page_visitor import PageVisitor
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.integration.file_service.test_sharing_pages import download
from tests.integration.gateway.conftest import ready
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway
from tests.stores import ROOT, Databases, StoreUrls

CONTENT_HOST = "files.example.net"


@dataclass(frozen=True, slots=True)
class Installation:
    """People ask file_service itself for what needs an account, and strangers the gateway."""

    service: RunningService
    gateway: RunningGateway

    def person(self) -> Person:
        return self.service.person(uuid7())

    async def get(self, path: str, host: str = "", method: str = "GET", **headers: str) -> aiohttp.ClientResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()} | ({"Host": host} if host else {})
        answer = await self.gateway.client.request(
            method, self.gateway.url + path, headers=named, allow_redirects=False
        )
        await answer.read()
        return answer

    async def cached(self, path: str) -> tuple[int, str]:
        """Return the status, and what became of the request in the cache."""
        answer = await self.get(path)
        parts = answer.headers.get("Cache-Status", "").split("; ")[1:]
        return answer.status, "; ".join(part for part in parts if not part.startswith("ttl="))


@asynccontextmanager
async def installed(
    databases: Databases, stores: StoreUrls, folder: Path, **environ: str
) -> AsyncIterator[Installation]:
    own, content = folder / "gateway", {name: value for name, value in environ.items() if name == "FILES_PUBLIC_URL"}
    own.mkdir()
    async with databases.clone("file_service") as urls, running_service(urls, folder, **environ) as service:
        keys = {"IDENTITY_KEY_FILE": str(folder / "gateway.pem"), "TRUST_FILE": str(folder / "trust.json")}
        routes, file_url = str(ROOT / "gateway" / "routes.toml"), str(service.public.make_url("")).rstrip("/")
        async with run_gateway(own, stores.valkey, ROUTES_FILE=routes, FILE_URL=file_url, **keys, **content) as gateway:
            await ready(gateway)
            yield Installation(service, gateway)


@pytest.fixture(scope="module")
async def plain(
    databases: Databases, stores: StoreUrls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    async with installed(databases, stores, tmp_path_factory.mktemp("plain")) as installation:
        yield installation


@pytest.fixture(scope="module")
async def separate(
    databases: Databases, stores: StoreUrls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """Bytes have a host of their own, and caches may use public files for a minute."""
    own = {"FILES_PUBLIC_URL": f"http://{CONTENT_HOST}", "FILE_PUBLIC_SECONDS": "60"}
    async with installed(databases, stores, tmp_path_factory.mktemp("separate"), **own) as installation:
        yield installation


async def test_public_file_is_kept_and_asked_about_each_time(plain: Installation) -> None:
    """The service says each time whether it is still public, and sends its bytes once."""
    ada = plain.person()
    content = bytes(range(256)) * 24
    view = await ada.upload(content, "poster.bin")
    path = await publish(ada, view["id"])
    assert await plain.cached(path) == (200, "fwd=miss; fwd-status=200; stored")
    assert await plain.cached(path) == (200, "fwd=stale; fwd-status=304; stored")
    answer = await plain.get(path)
    assert (await answer.read(), answer.headers["Cache-Control"]) == (content, "public, no-cache")
    part = await plain.get(path, Range="bytes=1-3")
    assert (part.status, await part.read()) == (206, content[1:4])
    await publish(ada, view["id"], public=False)
    assert (await plain.get(path)).status == 404
    await publish(ada, view["id"])
    assert (await plain.get(path)).status == 200
    await ada.delete(view["id"])
    assert (await plain.get(path)).status == 404


async def test_renamed_file_has_its_new_name_in_every_cache(plain: Installation) -> None:
    """The gateway's, and the reader's behind it, which has the bytes already."""
    ada = plain.person()
    view = await ada.upload(b"text", "old.txt", "text/plain")
    path = f"{await publish(ada, view['id'])}?inline=true"
    etag = (await plain.get(path)).headers["ETag"]
    assert (await patch(ada, view["id"], name="new.txt")).status == 200
    for known, status in (({}, 200), ({"If_None_Match": etag}, 304)):
        answer = await plain.get(path, **known)
        assert (answer.status, answer.headers["Content-Disposition"]) == (status, 'inline; filename="new.txt"')
        assert answer.headers.getall("Content-Security-Policy")[0].startswith("default-src 'none'; img-src 'self'")


async def test_public_file_is_used_without_asking_for_as_long_as_the_operator_says(separate: Installation) -> None:
    ada = separate.person()
    path = await publish(ada, (await ada.upload(b"poster"))["id"])

    async def ask() -> tuple[bytes, str, str]:
        answer = await separate.get(path, CONTENT_HOST)
        return await answer.read(), answer.headers["Cache-Status"].split("; ")[1], answer.headers["Cache-Control"]

    assert await ask() == (b"poster", "fwd=miss", "public, max-age=60")
    assert await ask() == (b"poster", "hit", "public, max-age=60")
    await publish(ada, path.rpartition("/")[2], public=False)
    assert (await ask())[1] == "hit"  # the bound that is stated: a minute


async def test_large_public_file_passes_by_the_cache(plain: Installation) -> None:
    ada = plain.person()
    path = await publish(ada, (await ada.upload(b"x" * 9_000_000))["id"])
    for _ in range(2):
        status, became = await plain.cached(path)
        assert (status, "stored" in became, "hit" in became) == (200, False, False)


async def test_links_hold_through_the_gateway(plain: Installation) -> None:
    ada = plain.person()
    file_id = (await ada.upload(b"secret"))["id"]
    guarded = content_of(await share(ada, file_id, password="open sesame", once=True))
    assert (await plain.get(guarded)).status == 403
    assert (await plain.get(guarded, method="HEAD", Share_Password="open sesame")).status == 200
    assert await (await plain.get(guarded, Share_Password="open sesame")).read() == b"secret"
    assert (await plain.get(guarded, Share_Password="open sesame")).status == 410
    signed = await sign(ada, file_id, download_name="a b&c=ü.txt")
    assert await (await plain.get(signed)).read() == b"secret"
    assert (await plain.get(signed + "&x=1")).status == 403
    dropped = await plain.gateway.client.post(plain.gateway.url + drop_of(await upload_link(ada)), data=b"for you")
    assert dropped.status == 201
    assert len((await (await ada.get("/v1/files")).json())["items"]) == 2


async def test_bytes_are_given_out_at_their_own_host_alone(separate: Installation) -> None:
    """What is asked for at PUBLIC_URL is sent on, query and all; what tells of a share is at both."""
    ada = separate.person()
    file_id = (await ada.upload(b"x"))["id"]
    shared, signed = await share(ada, file_id), await sign(ada, file_id, disposition="inline")
    assert urlsplit(shared["content_url"]).netloc == CONTENT_HOST
    assert urlsplit(shared["url"]).netloc == "127.0.0.1:8080"
    for path in (f"{await publish(ada, file_id)}?inline=true", content_of(shared), signed):
        sent_on = await separate.get(path)
        assert (sent_on.status, sent_on.headers["Location"]) == (308, f"http://{CONTENT_HOST}{path}")
        answer = await separate.get(path, CONTENT_HOST)
        assert (answer.status, await answer.read()) == (200, b"x")
        assert "Set-Cookie" not in answer.headers
    for host in ("", CONTENT_HOST):
        assert (await separate.get(content_of(shared).removesuffix("/content"), host)).status == 200


async def test_page_shows_nothing_where_bytes_have_their_own_host(plain: Installation, separate: Installation) -> None:
    """What a link with a password has is sent in answer to its page's form, at PUBLIC_URL."""
    for installation, how in ((plain, "inline"), (separate, "attachment")):
        ada = installation.person()
        file_id = (await ada.upload(b"secret", "a.txt", "text/plain"))["id"]
        shared = await share(ada, file_id, password="open sesame", disposition="inline")
        visitor = PageVisitor(installation.service)
        answer = await download(visitor, urlsplit(shared["url"]).path, "open sesame")
        assert (answer.status, await answer.read()) == (200, b"secret")
        assert answer.headers["Content-Disposition"] == f'{how}; filename="a.txt"'


async def test_nothing_else_is_at_the_host_of_bytes(separate: Installation) -> None:
    for path in ("/", "/docs", "/account/sign-in", "/v1/files", "/v1/auth/login", f"/v1/files/{uuid7()}/content"):
        for method in ("GET", "POST", "DELETE"):
            assert (await separate.get(path, CONTENT_HOST, method)).status == 404
