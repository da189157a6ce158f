"""For our other programs, on the private port."""

from uuid import UUID

from aiohttp import web

from auth_service.handlers.sessions import SESSIONS
from auth_service.messages import Confirmations, RevocationsView, RevocationView
from auth_service.repository.accounts import SELECT_USER_IDS
from auth_service.repository.revocations import RevocationRepository
from shared.events.feed import FEED
from shared.events.model import SnapshotPage, SnapshotQuery

REVOCATIONS = web.AppKey("revocations", RevocationRepository)


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


async def list_user_ids(request: web.Request, query: SnapshotQuery) -> SnapshotPage:
    """List the ids of all accounts, for a follower of the events who starts afresh."""
    return await request.app[FEED].snapshot(query, SELECT_USER_IDS)
