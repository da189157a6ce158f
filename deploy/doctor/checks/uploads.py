"""Uploads: what file_service says that a file may have must come through the gateway as well."""

import asyncio
from typing import Any

import aiohttp

from deploy.doctor.finding import Finding, ok, warn
from deploy.doctor.stack import Stack, explained

_PROTOCOL = "/v1/files/uploads"  # anybody may ask there how large a file may be
_WAYS = (
    *(("POST", "/v1/files"), ("PUT", "/v1/files/x"), ("PATCH", "/v1/files/uploads/x"), ("POST", "/files")),
    *(("POST", "/v1/files/drop/x"), ("PATCH", "/v1/files/drop/x"), ("POST", "/drop/x")),
)


async def uploads(session: aiohttp.ClientSession, stack: Stack) -> list[Finding]:
    largest = await _largest(session, stack)
    if not largest:
        return []
    gateway = stack.private["gateway"]
    reports = await asyncio.gather(*(explained(session, gateway, path, method) for method, path in _WAYS))
    bounds = {report["route"]: bound for report in reports if (bound := _bound(report)) is not None}
    narrow = {route: bound for route, bound in bounds.items() if bound < largest}
    if narrow:
        told = ", ".join(f"{route} ({bound})" for route, bound in narrow.items())
        what = f"a file may have {largest} bytes, and these routes take fewer: {told}"
        return [warn("uploads", what, "raise max_body of these routes in the route file, or lower FILE_MAX_BYTES")]
    return [ok("uploads", f"a file may have {largest} bytes, and the gateway takes as many")] if bounds else []


async def _largest(session: aiohttp.ClientSession, stack: Stack) -> int:
    """Return how many bytes a file may have; 0 where that isn't told."""
    try:
        async with session.options(f"{stack.public_url}{_PROTOCOL}") as answer:
            told = answer.headers.get("Tus-Max-Size", "")
    except (aiohttp.ClientError, OSError, TimeoutError):
        return 0
    return int(told) if told.isascii() and told.isdigit() else 0


def _bound(report: Any) -> int | None:
    """Return `max_body` of the route that a request goes by; none where it goes by none."""
    found = (step["facts"].get("max_body") for step in report.get("steps", ()) if step["name"] == "route")
    return next(found, None)
