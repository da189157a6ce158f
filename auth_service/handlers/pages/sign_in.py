from aiohttp import web

from auth_service.errors import SecondFactorRequired
from auth_service.handlers.admissions import page_visitor_of
from auth_service.handlers.callers import COOKIE, device_of, session_of
from auth_service.handlers.federation import FEDERATION
from auth_service.handlers.pages.entering import HOME, entered
from auth_service.handlers.pages.notices import notice
from auth_service.handlers.pages.second_factor import ask_second_factor, let_in
from auth_service.handlers.second_factor import PASSKEY_SIGN_IN
from auth_service.handlers.sessions import ENDING
from auth_service.handlers.sign_in import SIGN_IN
from auth_service.messages.forms import ReturnQuery, SignInForm
from auth_service.service.ending import LogoutScope
from shared.identity import Kind
from shared.web.context import identity_of
from shared.web.pages.answers import PageAnswer, SeeOther, View
from shared.web.return_path import safe_return_path


async def show_sign_in(request: web.Request, query: ReturnQuery) -> PageAnswer:
    """The ways to sign in, and why that is needed; who is signed in already goes on."""
    if identity_of(request).kind is Kind.USER:
        return SeeOther(safe_return_path(query.return_to, HOME))
    cookie = request.app[COOKIE].read_one(request.headers.getall("Cookie", ()))
    end = await request.app[ENDING].reason_of(cookie) if cookie else None
    options = request.app[PASSKEY_SIGN_IN].options(device_of(request))
    providers = request.app[FEDERATION].providers.values()
    values = {"return_to": _kept(query), "end": end, "options": options, "providers": providers}
    return View("account/sign_in.html", values)


async def sign_in(request: web.Request, query: ReturnQuery, body: SignInForm) -> SeeOther:
    visitor = page_visitor_of(request)
    return await let_in(request, query, request.app[SIGN_IN].log_in(body.email, body.password, visitor))


async def show_register(request: web.Request, query: ReturnQuery) -> PageAnswer:
    """The form to make an account with."""
    if identity_of(request).kind is Kind.USER:
        return SeeOther(safe_return_path(query.return_to, HOME))
    return View("account/register.html", {"return_to": _kept(query)})


async def register(request: web.Request, query: ReturnQuery, body: SignInForm) -> SeeOther:
    visitor = page_visitor_of(request)
    try:
        admission = await request.app[SIGN_IN].register(body.email, body.password, visitor)
    except SecondFactorRequired as owed:
        return ask_second_factor(request, query.return_to, owed)
    if admission is None:
        return SeeOther("/account/sign-in", notice("mail_sent"))
    return entered(request, query, admission)


async def sign_out(request: web.Request) -> SeeOther:
    user_id, session_id = identity_of(request).user_id, session_of(request)
    await request.app[ENDING].log_out(user_id, session_id, LogoutScope.THIS, device_of(request))
    return SeeOther("/account/sign-in", notice("signed_out"), [request.app[COOKIE].clear()])


def _kept(query: ReturnQuery) -> str:
    return safe_return_path(query.return_to, "")
