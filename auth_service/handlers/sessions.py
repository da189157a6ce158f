from uuid import UUID

from aiohttp import web

from auth_service.handlers.callers import COOKIE, device_of, session_of
from auth_service.messages.accounts import LogoutRequest, SessionsQuery, SessionView, present_session
from auth_service.repository.session_lists import SessionLists
from auth_service.service.ending import SessionEnding
from shared.web.answers import NoContent, Page
from shared.web.context import identity_of
from shared.web.paging import decode_cursor, make_page

SESSION_LISTS = web.AppKey("session_lists", SessionLists)
ENDING = web.AppKey("ending", SessionEnding)


async def log_out(request: web.Request, body: LogoutRequest | None) -> NoContent:
    """End this session, all others, or all. A browser whose session ends loses its cookie."""
    scope = (body or LogoutRequest()).scope
    was_browsers = await request.app[ENDING].log_out(
        identity_of(request).user_id, session_of(request), scope, device_of(request)
    )
    return NoContent({"Set-Cookie": request.app[COOKIE].clear()} if was_browsers else {})


async def list_sessions(request: web.Request, query: SessionsQuery) -> Page[SessionView]:
    """List your live sessions, newest first; or, with `?ended=true`, those that have ended, when and why."""
    user_id, current, lists = identity_of(request).user_id, session_of(request), request.app[SESSION_LISTS]
    scope = f"{'ended ' if query.ended else ''}sessions {user_id}"
    read = lists.list_ended if query.ended else lists.list_live
    found = await read(user_id, decode_cursor(scope, query.cursor), query.limit + 1)
    return make_page(
        scope,
        found,
        query.limit,
        key=lambda session: session.session_id,
        present=lambda session: present_session(session, current),
    )


async def revoke_session(request: web.Request, session_id: UUID) -> None:
    """End one of your sessions."""
    user_id, current = identity_of(request).user_id, session_of(request)
    await request.app[ENDING].revoke(user_id, session_id, current, device_of(request))
