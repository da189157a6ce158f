"""The gateway's own pages, as answers."""

import gzip
import re
from typing import Any

import pytest
from multidict import CIMultiDict

from gateway.pages.pages import PageAnswer, Pages

NO_HEADERS: CIMultiDict[str] = CIMultiDict()


async def fetch(upstream: str) -> dict[str, Any]:
    return {"paths": {f"/{upstream}": {}}, "components": {}}


def pages_at(public_url: str) -> Pages:
    return Pages(public_url, fetch, ["users"])


@pytest.fixture(scope="module")
def pages() -> Pages:
    return pages_at("https://api.example.org")


async def get(pages: Pages, path: str, **headers: str) -> PageAnswer:
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    answer = await pages.answer(path, named)
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/docs", "text/html; charset=utf-8"),
        ("/openapi.json", "application/json"),
        ("/assets/colonnade.css", "text/css; charset=utf-8"),
        ("/assets/colonnade.svg", "image/svg+xml"),
        ("/favicon.ico", "image/svg+xml"),
    ],
)
async def test_page_is_served_and_then_known_by_its_tag(pages: Pages, path: str, content_type: str) -> None:
    answer = await get(pages, path)
    headers = dict(answer.headers)
    assert (answer.status, headers["Content-Type"]) == (200, content_type)
    assert answer.body
    for tags in (headers["ETag"], f'"other", W/{headers["ETag"]}', "*"):
        again = await get(pages, path, if_none_match=tags)
        assert (again.status, again.body, dict(again.headers)["ETag"]) == (304, b"", headers["ETag"])
    assert (await get(pages, path, if_none_match='"other"')).status == 200


@pytest.mark.parametrize("path", ["/docs/", "/docs/assets/x.js", "/assets/", "/assets/base.html", "/index.html"])
async def test_nothing_else_is_there(pages: Pages, path: str) -> None:
    assert await pages.answer(path, NO_HEADERS) is None


@pytest.mark.parametrize("path", ["/", "/docs"])
@pytest.mark.parametrize("root", ["", "/app"])
async def test_all_that_a_page_loads_is_there_and_nothing_is_inline(path: str, root: str) -> None:
    pages = pages_at(f"https://api.example.org{root}/")
    text = (await get(pages, path)).body.decode()
    loaded = re.findall(r'(?:src|href|data-document)="([^"#?]+)', text)
    assert loaded
    for address in loaded:
        assert address.startswith(f"{root}/")
        if address not in {f"{root}/account", f"{root}/files"}:  # services'
            assert (await get(pages, address.removeprefix(root))).status == 200
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|javascript:", text)


async def test_landing_page_names_the_public_url(pages: Pages) -> None:
    text = (await get(pages, "/")).body.decode()
    assert "curl https://api.example.org/v1/auth/register" in text


async def test_markup_in_a_setting_stays_text() -> None:
    text = (await get(pages_at("https://x/<script>alert(1)</script>"), "/")).body.decode()
    assert "<script>" not in text


async def test_docs_bring_a_policy_without_anything_inline(pages: Pages) -> None:
    policy = dict((await get(pages, "/docs")).headers)["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


async def test_assets_of_the_docs_may_be_kept_for_ever(pages: Pages) -> None:
    text = (await get(pages, "/docs")).body.decode()
    bundle = re.findall(r'src="([^"]*bundle\.js)"', text)
    headers = dict((await get(pages, bundle[0])).headers)
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"


async def test_client_that_takes_gzip_gets_the_same_page_in_less(pages: Pages) -> None:
    text = (await get(pages, "/docs")).body.decode()
    (bundle,) = re.findall(r'src="([^"]*bundle\.js)"', text)
    plain = await get(pages, bundle)
    packed = await pages.answer(bundle, NO_HEADERS, gzip=True)
    again = await pages.answer(bundle, NO_HEADERS, gzip=True)
    assert packed is not None
    assert again is not None
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 3
    assert again.body is packed.body  # made once
    headers = dict(packed.headers)
    assert (headers["Content-Encoding"], headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert headers["ETag"] == f"W/{dict(plain.headers)['ETag']}"
    assert dict(plain.headers)["Vary"] == "Accept-Encoding"


async def test_packed_page_is_known_by_its_tag(pages: Pages) -> None:
    tag = dict((await get(pages, "/")).headers)["ETag"]
    known = await pages.answer("/", CIMultiDict({"If-None-Match": f"W/{tag}"}), gzip=True)
    assert known is not None
    headers = dict(known.headers)
    assert (known.status, known.body, headers["ETag"]) == (304, b"", f"W/{tag}")
    assert "Content-Encoding" not in headers


async def test_description_that_has_changed_is_packed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = iter(("a" * 3000, "b" * 3000))

    async def describe(_upstream: str) -> dict[str, Any]:
        return {"paths": {f"/{next(versions)}": {}}}

    monkeypatch.setattr("gateway.pages.documents._FRESH_SECONDS", 0.0)
    changing = Pages("https://api.example.org", describe, ["users"])
    bodies = []
    for _ in range(2):
        answer = await changing.answer("/openapi.json", NO_HEADERS, gzip=True)
        assert answer is not None
        bodies.append(gzip.decompress(answer.body))
    assert [letter * 100 in body for letter, body in zip((b"a", b"b"), bodies, strict=True)] == [True, True]
