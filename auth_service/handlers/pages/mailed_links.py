"""Where links in mails lead. A page asks for a click first: scanners fetch links, and must spend none."""

from aiohttp import web

from auth_service.domain.one_time_tokens import Purpose
from auth_service.handlers.admissions import page_visitor_of
from auth_service.handlers.callers import device_of
from auth_service.handlers.email import EMAIL_CHANGE, PASSWORD_RESET, VERIFICATION
from auth_service.handlers.mail_requests import MAIL_SIGN_IN
from auth_service.handlers.pages.entering import HOME
from auth_service.handlers.pages.notices import notice
from auth_service.handlers.pages.second_factor import let_in
from auth_service.messages.forms import LinkQuery, NewPasswordForm, ReturnQuery
from auth_service.service.mailed_links import MailedLinks
from auth_service.service.password_reset import Reset
from shared.web.pages.answers import SeeOther, View
from shared.web.routes import Handler

LINKS = web.AppKey("mailed_links", MailedLinks)


def mailed(template: str, purpose: Purpose) -> Handler:
    """Return the handler of a page whose address holds a token. One that is good no more is told so."""

    async def show(request: web.Request, query: LinkQuery) -> View:
        return View(template, {"is_good": await request.app[LINKS].is_good(purpose, query.token)}, in_secret=True)

    return show


async def verify_on_page(request: web.Request, query: LinkQuery) -> SeeOther:
    await request.app[VERIFICATION].verify(query.token, device_of(request))
    return SeeOther(HOME, notice("email_verified"))


async def reset_on_page(request: web.Request, query: LinkQuery, body: NewPasswordForm) -> SeeOther:
    reset = Reset(query.token, body.new_password, body.keep_api_keys)
    await request.app[PASSWORD_RESET].reset(reset, device_of(request))
    return SeeOther("/account/sign-in", notice("password_reset"))


async def sign_in_by_link_on_page(request: web.Request, query: LinkQuery) -> SeeOther:
    visitor = page_visitor_of(request)
    return await let_in(request, ReturnQuery(), request.app[MAIL_SIGN_IN].by_link(query.token, visitor))


async def confirm_address(request: web.Request, query: LinkQuery) -> SeeOther:
    await request.app[EMAIL_CHANGE].confirm(query.token, device_of(request))
    return SeeOther(HOME, notice("email_changed"))


async def undo_address(request: web.Request, query: LinkQuery) -> SeeOther:
    await request.app[EMAIL_CHANGE].undo(query.token, device_of(request))
    return SeeOther("/account/sign-in", notice("email_change_undone"))
