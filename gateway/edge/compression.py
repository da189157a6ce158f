"""Which answers may be compressed for which clients (RFC 9110, 8.4 and 12.5.3). Pure.

Only what is public is: where a secret and a client's own words are compressed together, the length tells the secret
(BREACH). An answer is public if its route is, and neither it nor its request has anything to do with a person.
"""

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus

from multidict import CIMultiDict, CIMultiDictProxy

Headers = CIMultiDict[str] | CIMultiDictProxy[str]

SMALLEST = 2048  # bytes; less fits in two packets anyway
_METHODS = frozenset(("GET", "HEAD"))
_CREDENTIALS = ("Authorization", "Cookie")
_MARKS_OF_OTHERS = ("Set-Cookie", "Content-Encoding", "Content-Range")
_FORBIDDING = frozenset(("private", "no-store", "no-transform"))
_TEXTS = frozenset(("application/javascript", "application/json", "application/xml", "application/yaml"))
_LIVE = "text/event-stream"
_OF_THE_PLAIN_BYTES = ("Accept-Ranges", "Content-Digest", "Content-Length", "Content-MD5", "Digest", "Repr-Digest")


def compress_for(method: str, asked: Headers, status: int, answered: CIMultiDict[str]) -> bool:
    """Whether the answer to such a request is to be compressed; `answered`, its headers, then say so.

    One that would be for another client varies by what clients accept, and says that.
    """
    if method not in _METHODS or any(name in asked for name in _CREDENTIALS) or not is_compressible(status, answered):
        return False
    answered.add("Vary", "Accept-Encoding")
    if not accepts_gzip(",".join(asked.getall("Accept-Encoding", ()))):
        return False
    for name in _OF_THE_PLAIN_BYTES:
        answered.popall(name, None)
    answered["Content-Encoding"] = "gzip"
    if "ETag" in answered:
        answered["ETag"] = weakened(answered["ETag"])
    return True


def is_compressible(status: int, answered: Mapping[str, str]) -> bool:
    """Whether a public answer is whole, text, plain so far, worth it, and allowed to be changed."""
    if status != HTTPStatus.OK or any(name in answered for name in _MARKS_OF_OTHERS):
        return False
    if not _FORBIDDING.isdisjoint(_directives(answered.get("Cache-Control", ""))):
        return False
    length = answered.get("Content-Length", "")
    return _is_text(answered.get("Content-Type", "")) and not (length.isdigit() and int(length) < SMALLEST)


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: str) -> bool:
    """Whether gzip is acceptable, and no less welcome than no coding at all."""
    weights: dict[str, float] = {}
    for member in accept_encoding.lower().split(","):
        coding, *parameters = (part.strip() for part in member.split(";"))
        weight = _weight(parameters)
        if coding and weight is not None:
            weights[coding.removeprefix("x-")] = weight
    gzip = weights.get("gzip", weights.get("*", 0.0))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def weakened(etag: str) -> str:
    """The same tag for bytes that mean the same and aren't (RFC 9110, 8.8.1)."""
    return etag if etag.startswith("W/") else f"W/{etag}"


def _weight(parameters: list[str]) -> float | None:
    """The member's q; None, as if it weren't there, where that is none."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            value = value.strip()
            plain = value.isascii() and value.replace(".", "", 1).isdigit()
            return float(value) if plain and float(value) <= 1 else None
    return 1.0


def _directives(cache_control: str) -> set[str]:
    return {directive.partition("=")[0].strip().lower() for directive in cache_control.split(",")}


def _is_text(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type.startswith("text/"):
        return media_type != _LIVE
    return media_type in _TEXTS or media_type.endswith(("+json", "+xml"))
