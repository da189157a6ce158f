"""What every handler may ask about its caller."""

from uuid import UUID

from aiohttp import web

from auth_service.domain.audit import Doer
from auth_service.domain.devices import Device, describe_device
from shared.errors import SessionRequired
from shared.web.context import client_address, identity_of
from shared.web.cookies import SessionCookie

COOKIE = web.AppKey("cookie", SessionCookie)


def device_of(request: web.Request) -> Device:
    return describe_device(client_address(request), request.headers.get("User-Agent", ""))


def session_of(request: web.Request) -> UUID:
    """Return the caller's session. Raises SessionRequired for a credential that has none."""
    try:
        return UUID(identity_of(request).session_id)
    except ValueError as exc:
        raise SessionRequired from exc


def doer_of(request: web.Request) -> Doer:
    """Return who acts, for what is written down of it. Raises SessionRequired for a credential that has no session."""
    return Doer(identity_of(request).user_id, session_of(request), device_of(request))
