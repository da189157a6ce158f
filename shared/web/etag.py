"""Conditional requests on JSON resources (RFC 9110, section 13) with strong entity tags."""

import re

from aiohttp import web

from shared.errors import PreconditionFailed

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def matches_none(request: web.BaseRequest, etag: str) -> bool:
    """Tell whether If-None-Match names `etag` (weak comparison), so that a GET is answered by 304."""
    header = request.headers.get("If-None-Match", "")
    return header.strip() == "*" or etag in _TAG.findall(header)


def require_match(request: web.BaseRequest, etag: str) -> bool:
    """Tell whether If-Match names `etag` (strong comparison), so that the write must hold for that very version only.

    Without the header, or with `*`, any version will do. Raises PreconditionFailed when it names others.
    """
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return False
    if f'"{etag}"' not in [tag.strip() for tag in header.split(",")]:
        raise PreconditionFailed("The resource isn't the one that If-Match names.")
    return True
