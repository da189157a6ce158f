"""A person's identities at providers: linked, listed, unlinked."""

from uuid import UUID

from aiohttp import web

from auth_service.domain.federation import AppReturn, Linker
from auth_service.domain.redirect_uris import accept_redirect_uri
from auth_service.handlers.callers import device_of, session_of
from auth_service.handlers.federation import DEFAULT_PAGE, FEDERATION, REDIRECT_URIS, browser_of, departure_headers
from auth_service.messages.federation import (
    AuthorizationView,
    LinkedIdentityView,
    LinkRedeemRequest,
    LinkRequest,
    present_identity,
)
from auth_service.service.federation import Wish
from auth_service.service.identities import IdentityKeeping
from shared.errors import MalformedBody
from shared.web.answers import Answer, Page
from shared.web.context import identity_of
from shared.web.return_path import safe_return_path

IDENTITIES = web.AppKey("identities", IdentityKeeping)


def linker_of(request: web.Request) -> Linker:
    return Linker(identity_of(request).user_id, session_of(request))


async def begin_link(request: web.Request, provider: str, body: LinkRequest) -> Answer[AuthorizationView]:
    """Begin to link an identity at a provider to your account. Your session must be fresh.

    In a browser, this answer's cookie ties what comes of it to the browser: go to `authorization_url` there, and come
    back to `return_to`. An app says where it is reached, and redeems the code that comes there.
    """
    linker = linker_of(request)
    await request.app[IDENTITIES].require_fresh(linker)
    wish = Wish(safe_return_path(body.return_to, DEFAULT_PAGE), _app(body, request.app[REDIRECT_URIS]), linker)
    departure = await request.app[FEDERATION].depart(provider, wish, browser_of(request))
    return Answer(AuthorizationView(departure.url), headers=departure_headers(request, departure))


def _app(body: LinkRequest, allowed: tuple[str, ...]) -> AppReturn | None:
    if body.redirect_to is None and body.code_challenge is None:
        return None
    if body.redirect_to is None or body.code_challenge is None:
        raise MalformedBody("An app gives both redirect_to and code_challenge.")
    return AppReturn(accept_redirect_uri(body.redirect_to, allowed), body.code_challenge)


async def redeem_link_code(request: web.Request, body: LinkRedeemRequest) -> None:
    """Link what the code stands for, in the session that began it."""
    linker = linker_of(request)
    await request.app[FEDERATION].redeem_link(body.code, body.code_verifier, linker, device_of(request))


async def list_identities(request: web.Request) -> Page[LinkedIdentityView]:
    """List the identities that your account is linked to, oldest first."""
    found = await request.app[IDENTITIES].list_all(identity_of(request).user_id)
    return Page([present_identity(each) for each in found], None)


async def unlink_identity(request: web.Request, identity_id: UUID) -> None:
    """Unlink an identity from your account, unless it is your last way in. Your session must be fresh."""
    await request.app[IDENTITIES].unlink(linker_of(request), identity_id, device_of(request))
