"""Cross-origin reads (the Fetch standard's CORS), answered by the gateway alone.

Only origins listed in full are allowed: never a pattern, never `null`. Credentials are not: a page of another origin
sends its token in Authorization, and our cookies stay out of its reach.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

Header = tuple[str, str]

ALLOWED = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Modified-Since, If-Range, Range, "
    "Share-Password, X-HTTP-Method-Override, X-Request-Id, traceparent, Tus-Resumable, Upload-Checksum, Upload-Concat, "
    "Upload-Defer-Length, Upload-Length, Upload-Metadata, Upload-Offset"
)
EXPOSED = (
    "Content-Disposition, Content-Location, Content-Range, ETag, Link, Location, RateLimit, RateLimit-Policy, "
    "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Repr-Digest, Retry-After, Tus-Checksum-Algorithm, "
    "Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Concat, Upload-Defer-Length, Upload-Expires, "
    "Upload-Length, Upload-Metadata, Upload-Offset, WWW-Authenticate, X-Request-Id"
)
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # a token of RFC 9110
_VARY: Header = ("Vary", "Origin")
_PREFLIGHT_VARY: Header = ("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
_PREFLIGHT_SECONDS = 600


class Cors:
    """`origins` are serialised origins (`https://app.example.org`, no path); anything else is a ValueError.

    `allowed` and `exposed` are names of headers beside our own: what pages may send, and what they may read.
    """

    def __init__(self, origins: Sequence[str], allowed: Sequence[str] = (), exposed: Sequence[str] = ()) -> None:
        self._allowed = ", ".join((ALLOWED, *allowed))
        self._answers = {
            _checked(origin): (
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Expose-Headers", ", ".join((EXPOSED, *exposed))),
                _VARY,
            )
            for origin in origins
        }

    def is_preflight(self, method: str, headers: Mapping[str, str]) -> bool:
        return method == "OPTIONS" and "Origin" in headers and "Access-Control-Request-Method" in headers

    def preflight(self, headers: Mapping[str, str], allowed_methods: Sequence[str]) -> list[Header]:
        """The headers of a 204. Without an Allow-Origin among them the browser makes no request."""
        origin = headers.get("Origin", "")
        if origin not in self._answers:
            return [_PREFLIGHT_VARY]
        return [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Methods", ", ".join(allowed_methods)),
            ("Access-Control-Allow-Headers", self._allowed),
            ("Access-Control-Max-Age", str(_PREFLIGHT_SECONDS)),
            _PREFLIGHT_VARY,
        ]

    def headers(self, origin: str | None) -> list[Header]:
        """What every answer carries; `Vary: Origin` always, so that no cache hands one origin's answer to another."""
        return list(self._answers.get(origin or "", (_VARY,)))


def is_header_name(text: str) -> bool:
    """`*` isn't one here, though it is a token: to browsers it means all."""
    return text != "*" and _NAME.fullmatch(text) is not None


def _checked(origin: str) -> str:
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc.lower()}" or "@" in origin:
        raise ValueError(f"not an origin like https://app.example.org: {origin!r}")
    return origin
