from uuid import UUID

from aiohttp import web

from auth_service.handlers.callers import COOKIE, session_of
from auth_service.handlers.pages.notices import notice
from auth_service.handlers.sessions import ENDING, SESSIONS
from auth_service.messages import present_session
from auth_service.service.ending import LogoutScope
from shared.web.context import identity_of
from shared.web.pages.answers import SeeOther, View

_MOST_SHOWN = 100
_PATH = "/account/sessions"


async def show_sessions(request: web.Request) -> View:
    """Where one is signed in, this session first, and the buttons to end the others."""
    current = session_of(request)
    found = await request.app[SESSIONS].list_page(identity_of(request).user_id, None, _MOST_SHOWN)
    shown = sorted((present_session(each, current) for each in found), key=lambda each: not each.current)
    return View("account/sessions.html", {"sessions": shown})


async def end_session(request: web.Request, session_id: UUID) -> SeeOther:
    await request.app[ENDING].revoke(identity_of(request).user_id, session_id)
    if session_id == session_of(request):
        return SeeOther("/account/sign-in", notice("signed_out"), [request.app[COOKIE].clear()])
    return SeeOther(_PATH, notice("session_ended"))


async def end_other_sessions(request: web.Request) -> SeeOther:
    await request.app[ENDING].log_out(identity_of(request).user_id, session_of(request), LogoutScope.OTHERS)
    return SeeOther(_PATH, notice("other_sessions_ended"))
