from aiohttp import web

from auth_service.domain.sessions import SessionKind
from auth_service.forms import ReturnQuery, SignInForm
from auth_service.handlers.admissions import admission_headers, visitor_of
from auth_service.handlers.callers import COOKIE, session_of
from auth_service.handlers.pages.notices import notice
from auth_service.handlers.sessions import ENDING
from auth_service.handlers.sign_in import SIGN_IN
from auth_service.service.ending import LogoutScope
from auth_service.service.entrance import Admission
from shared.identity import Kind
from shared.web.context import identity_of
from shared.web.pages.answers import PageAnswer, SeeOther, View
from shared.web.return_path import safe_return_path

HOME = "/account"


async def show_sign_in(request: web.Request, query: ReturnQuery) -> PageAnswer:
    """The form to sign in with; who is signed in already goes on."""
    return _unless_signed_in(request, query, "account/sign_in.html")


async def sign_in(request: web.Request, query: ReturnQuery, body: SignInForm) -> SeeOther:
    visitor = visitor_of(request, SessionKind.BROWSER)
    return entered(request, query, await request.app[SIGN_IN].log_in(body.email, body.password, visitor))


async def show_register(request: web.Request, query: ReturnQuery) -> PageAnswer:
    """The form to make an account with."""
    return _unless_signed_in(request, query, "account/register.html")


async def register(request: web.Request, query: ReturnQuery, body: SignInForm) -> SeeOther:
    visitor = visitor_of(request, SessionKind.BROWSER)
    return entered(request, query, await request.app[SIGN_IN].register(body.email, body.password, visitor))


async def sign_out(request: web.Request) -> SeeOther:
    await request.app[ENDING].log_out(identity_of(request).user_id, session_of(request), LogoutScope.THIS)
    return SeeOther("/account/sign-in", notice("signed_out"), [request.app[COOKIE].clear()])


def entered(request: web.Request, query: ReturnQuery, admission: Admission) -> SeeOther:
    """Return the way on of somebody who was let in, with the cookie of their session."""
    cookie = admission_headers(request, admission)["Set-Cookie"]
    return SeeOther(safe_return_path(query.return_to, HOME), cookies=[cookie])


def _unless_signed_in(request: web.Request, query: ReturnQuery, template: str) -> PageAnswer:
    onward = safe_return_path(query.return_to, HOME)
    if identity_of(request).kind is Kind.USER:
        return SeeOther(onward)
    return View(template, {"return_to": onward if onward != HOME else ""})
