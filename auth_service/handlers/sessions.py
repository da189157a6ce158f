from uuid import UUID

from aiohttp import web

from auth_service.handlers.callers import COOKIE, session_of
from auth_service.messages import LogoutRequest, SessionView, present_session
from auth_service.repository.sessions import SessionRepository
from auth_service.service.ending import SessionEnding
from shared.web.answers import NoContent, Page
from shared.web.context import identity_of
from shared.web.paging import PageQuery, decode_cursor, make_page

SESSIONS = web.AppKey("sessions", SessionRepository)
ENDING = web.AppKey("ending", SessionEnding)


async def log_out(request: web.Request, body: LogoutRequest | None) -> NoContent:
    """End this session, all others, or all. A browser whose session ends loses its cookie."""
    scope = (body or LogoutRequest()).scope
    was_browsers = await request.app[ENDING].log_out(identity_of(request).user_id, session_of(request), scope)
    return NoContent({"Set-Cookie": request.app[COOKIE].clear()} if was_browsers else {})


async def list_sessions(request: web.Request, query: PageQuery) -> Page[SessionView]:
    """List your live sessions, newest first."""
    user_id, current = identity_of(request).user_id, session_of(request)
    scope = f"sessions {user_id}"
    before = decode_cursor(scope, query.cursor)
    found = await request.app[SESSIONS].list_page(user_id, before, query.limit + 1)
    return make_page(
        scope,
        found,
        query.limit,
        key=lambda session: session.session_id,
        present=lambda session: present_session(session, current),
    )


async def revoke_session(request: web.Request, session_id: UUID) -> None:
    """End one of your sessions."""
    await request.app[ENDING].revoke(identity_of(request).user_id, session_id)
