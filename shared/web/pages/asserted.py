"""Who opens a page: the gateway has said so. A browser's session comes with it, or nobody."""

from aiohttp import web

from shared.identity import Kind
from shared.web.context import identity_of
from shared.web.pages.kit import Visitor


async def recognise(request: web.Request) -> Visitor | None:
    """Return who is signed in; none for an API key, which is no person at a page."""
    identity = identity_of(request)
    return Visitor(identity) if identity.kind is Kind.USER and identity.session_id else None
