"""Conditional requests on JSON resources (RFC 9110, section 13) with strong entity tags."""

import re

from aiohttp import web

from shared.errors import PreconditionFailed

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_STRONG_TAG = re.compile(r'"([\x21\x23-\x7e]*)"')  # in ASCII, as all of ours are


def matches_none(request: web.BaseRequest, etag: str) -> bool:
    """Tell whether If-None-Match names `etag` (weak comparison), so that a GET is answered by 304."""
    header = request.headers.get("If-None-Match", "")
    return header.strip() == "*" or etag in _TAG.findall(header)


def require_match(request: web.BaseRequest, etag: str) -> bool:
    """Tell whether If-Match names `etag` (strong comparison), so that the write must hold for that very version only.

    Without the header, or with `*`, any version will do. Raises PreconditionFailed when it names others.
    """
    named = named_tags(request)
    if named is not None and etag not in named:
        raise PreconditionFailed("The resource isn't the one that If-Match names.")
    return named is not None


def named_tags(request: web.BaseRequest) -> list[str] | None:
    """Return those tags that If-Match names, without quotes, which may be ours; None where any version will do."""
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    return [found[1] for tag in header.split(",") if (found := _STRONG_TAG.fullmatch(tag.strip()))]
