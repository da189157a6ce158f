from uuid import UUID

from aiohttp import web

from auth_service.handlers.callers import COOKIE, device_of, session_of
from auth_service.handlers.pages.notices import notice
from auth_service.handlers.sessions import ENDING, SESSION_LISTS
from auth_service.messages.accounts import present_session
from auth_service.service.ending import LogoutScope
from shared.web.context import identity_of
from shared.web.pages.answers import SeeOther, View

_MOST_SHOWN, _MOST_ENDED = 100, 10
_PATH = "/account/sessions"


async def show_sessions(request: web.Request) -> View:
    """Where one is signed in, this session first, with buttons to end the others; and how the last ones ended."""
    current = session_of(request)
    user_id, lists = identity_of(request).user_id, request.app[SESSION_LISTS]
    live = [present_session(each, current) for each in await lists.list_live(user_id, None, _MOST_SHOWN)]
    ended = [present_session(each) for each in await lists.list_ended(user_id, None, _MOST_ENDED)]
    live.sort(key=lambda each: not each.current)
    return View("account/sessions.html", {"sessions": live, "ended": ended})


async def end_session(request: web.Request, session_id: UUID) -> SeeOther:
    user_id, current = identity_of(request).user_id, session_of(request)
    await request.app[ENDING].revoke(user_id, session_id, current, device_of(request))
    if session_id == current:
        return SeeOther("/account/sign-in", notice("signed_out"), [request.app[COOKIE].clear()])
    return SeeOther(_PATH, notice("session_ended"))


async def end_other_sessions(request: web.Request) -> SeeOther:
    user_id, session_id = identity_of(request).user_id, session_of(request)
    await request.app[ENDING].log_out(user_id, session_id, LogoutScope.OTHERS, device_of(request))
    return SeeOther(_PATH, notice("other_sessions_ended"))
