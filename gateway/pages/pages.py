"""What the gateway itself has to show: a landing page, the API reference, its description, and security.txt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from gateway.pages.assets import etag_of, load_assets
from gateway.pages.compressed import SMALLEST, Compressed
from gateway.pages.documents import Documents, Fetch
from gateway.pages.security_txt import PATH as SECURITY_TXT
from gateway.pages.security_txt import security_txt
from shared.web.pages.templates import HTML, render_page, site_name

Header = tuple[str, str]

_TEMPLATES = Path(__file__).parent / "templates"
_REVALIDATE = "no-cache"
_FOR_A_DAY = "public, max-age=86400"
# Swagger UI brings its icons as data: URLs in its stylesheet; that is all it needs beyond what any page may do.
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

OPENAPI = "/openapi.json"  # the one page that needs the services


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """An answer to a GET; one to a HEAD is the same without its body. The security headers aren't in it."""

    status: int
    headers: Sequence[Header]
    body: bytes


class Pages:
    """`fetch` returns the OpenAPI document of the upstream it is given; `upstreams` are those that have one.

    `contacts` are whom security.txt names; without any there is none.
    """

    def __init__(self, public_url: str, fetch: Fetch, upstreams: Sequence[str], contacts: Sequence[str] = ()) -> None:
        self._public_url = public_url = public_url.rstrip("/")
        self._contacts = contacts
        root = urlsplit(public_url).path
        self._documents = Documents(fetch, upstreams, public_url, site_name())
        self._compressed = Compressed()
        assets = load_assets()
        self._fixed = {
            path: _answer(asset.body, asset.content_type, asset.cache_control, etag=asset.etag)
            for path, asset in assets.by_path.items()
        }
        landing = render_page("landing.html", folder=_TEMPLATES, root=root, public_url=public_url)
        docs = render_page("docs.html", folder=_TEMPLATES, root=root, assets=root + assets.docs)
        self._fixed["/"] = _answer(landing.encode(), HTML, _REVALIDATE)
        self._fixed["/docs"] = _answer(docs.encode(), HTML, _REVALIDATE, ("Content-Security-Policy", _DOCS_POLICY))

    async def answer(self, path: str, headers: Mapping[str, str], *, gzip: bool = False) -> PageAnswer | None:
        """The answer to a GET or HEAD of `path`, or None where there is no such page.

        `headers` are the request's, found in any case; `gzip` says whether its client takes that.
        Unavailable while the API's description can't be told.
        """
        page = self._fixed.get(path)
        if path == OPENAPI:
            page = _answer(await self._documents.merged(), "application/json", _REVALIDATE)
        elif path == SECURITY_TXT and self._contacts:
            text = security_txt(self._contacts, self._public_url, datetime.now(UTC))
            page = _answer(text, "text/plain; charset=utf-8", _FOR_A_DAY)
        if page is None:
            return None
        known = _knows(headers.get("If-None-Match", ""), page)
        if gzip and len(page.body) >= SMALLEST:
            page = await self._in_gzip(path, page, known=known)
        if known:
            left_out = ("Content-Type", "Content-Encoding")
            return PageAnswer(304, [header for header in page.headers if header[0] not in left_out], b"")
        return page

    async def _in_gzip(self, path: str, page: PageAnswer, *, known: bool) -> PageAnswer:
        """The same page in other bytes, which only a weak tag may say of it."""
        etag = dict(page.headers)["ETag"]
        body = b"" if known else await self._compressed.of(path, etag, page.body)
        others = [header for header in page.headers if header[0] != "ETag"]
        return PageAnswer(page.status, [*others, ("ETag", f"W/{etag}"), ("Content-Encoding", "gzip")], body)


def _answer(body: bytes, content_type: str, cache_control: str, *more: Header, etag: str | None = None) -> PageAnswer:
    headers = [
        ("Content-Type", content_type),
        ("Cache-Control", cache_control),
        ("ETag", etag or etag_of(body)),
        ("Vary", "Accept-Encoding"),
        *more,
    ]
    return PageAnswer(200, headers, body)


def _knows(if_none_match: str, page: PageAnswer) -> bool:
    """Whether the client has this very answer (RFC 9110, 13.1.2: the weak comparison)."""
    known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in known or dict(page.headers)["ETag"] in known
