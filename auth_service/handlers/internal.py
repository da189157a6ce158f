"""For our other programs, on the private port."""

from uuid import UUID

from aiohttp import web

from auth_service.messages.internal import (
    Confirmations,
    CredentialQuery,
    CredentialUses,
    RevocationsView,
    RevocationView,
    Verification,
    present_holder,
)
from auth_service.repository.accounts import SELECT_ACCOUNTS
from auth_service.repository.revocations import RevocationRepository
from auth_service.repository.sessions import SessionRepository
from auth_service.service.credentials import CredentialKeeping
from shared.events.feed import FEED
from shared.events.model import SnapshotPage, SnapshotQuery

SESSIONS = web.AppKey("sessions", SessionRepository)
REVOCATIONS = web.AppKey("revocations", RevocationRepository)
CREDENTIALS = web.AppKey("credentials", CredentialKeeping)


async def list_revocations(request: web.Request) -> RevocationsView:
    """Read the sessions ended in the last 11 minutes: longer than any of their access tokens lives."""
    found = await request.app[REVOCATIONS].read()
    items = [RevocationView(each.session_id, each.revoked_at) for each in found.revocations]
    return RevocationsView(found.epoch, found.position, items)


async def confirm_generations(request: web.Request, body: Confirmations) -> None:
    """Take note of the generations whose access tokens were seen in use."""
    newest: dict[UUID, int] = {}
    for each in body.confirmations:
        newest[each.session_id] = max(each.generation, newest.get(each.session_id, 0))
    await request.app[SESSIONS].confirm(newest)


async def verify_credential(request: web.Request, body: CredentialQuery) -> Verification:
    """Tell whom a browser's cookie or an API key stands for; nobody, if it is unknown, revoked or expired."""
    return Verification(present_holder(await request.app[CREDENTIALS].verify(body.kind, body.credential)))


async def note_uses(request: web.Request, body: CredentialUses) -> None:
    """Take note of the browsers' sessions and API keys that were lately in use."""
    await request.app[CREDENTIALS].note_uses(body.browser_sessions, body.api_keys)


async def list_accounts(request: web.Request, query: SnapshotQuery) -> SnapshotPage:
    """List the ids of all accounts, and their bans, for a follower of the events who starts afresh."""
    return await request.app[FEED].snapshot(query, SELECT_ACCOUNTS)
