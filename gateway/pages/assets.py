"""Files that pages load, read once. Swagger UI's come out of the wheel that packages them; its code isn't imported."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from shared.web.pages.templates import STATIC

_OWN = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_AN_HOUR = "public, max-age=3600"
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    content_type: str
    cache_control: str
    etag: str


@dataclass(frozen=True, slots=True)
class Assets:
    """`by_path` is everything, by the path it is served at; `docs` is the folder of what /docs loads."""

    by_path: Mapping[str, Asset]
    docs: str


def load_assets() -> Assets:
    """The folder of /docs' files is named by their digest, so that browsers may keep them for ever."""
    shared = sorted(STATIC.iterdir())
    swagger = _swagger_folder()
    docs = [_OWN / "docs.css", _OWN / "docs.js", swagger / "swagger-ui.css", swagger / "swagger-ui-bundle.js"]
    folder = f"/docs/assets/{_digest(b''.join(path.read_bytes() for path in docs))}"
    by_path = {f"/assets/{path.name}": _asset(path, _FOR_AN_HOUR) for path in shared}
    by_path["/favicon.ico"] = by_path["/assets/colonnade.svg"]
    by_path |= {f"{folder}/{path.name}": _asset(path, _FOR_EVER) for path in docs}
    return Assets(by_path, folder)


def etag_of(body: bytes) -> str:
    return f'"{_digest(body)}"'


def _asset(path: Path, cache_control: str) -> Asset:
    body = path.read_bytes()
    return Asset(body, _TYPES[path.suffix], cache_control, etag_of(body))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _swagger_folder() -> Path:
    spec = find_spec("flask_swagger_ui")
    assert spec is not None  # a locked dependency
    assert spec.origin is not None
    return Path(spec.origin).parent / "dist"
