"""What every handler may ask about its caller."""

from uuid import UUID

from aiohttp import web

from auth_service.domain.devices import Device, describe_device
from auth_service.service.step_up import Asker
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


def asker_of(request: web.Request) -> Asker:
    """Return the session that asks and where from. Raises SessionRequired."""
    return Asker(identity_of(request).user_id, session_of(request), device_of(request))
