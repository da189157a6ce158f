"""Where people have mails sent to them, and type what came."""

from aiohttp import web

from auth_service.handlers.admissions import page_visitor_of
from auth_service.handlers.callers import device_of, doer_of
from auth_service.handlers.email import EMAIL_CHANGE, MAIL_SETTINGS
from auth_service.handlers.mail_requests import MAIL_REQUESTS, MAIL_SIGN_IN
from auth_service.handlers.pages.account import has_password
from auth_service.handlers.pages.entering import with_return
from auth_service.handlers.pages.kept import KEPT, Keeping
from auth_service.handlers.pages.notices import notice
from auth_service.handlers.pages.second_factor import let_in
from auth_service.messages.forms import (
    AddressForm,
    CodeForm,
    MailSettingsForm,
    MailSignInForm,
    NewAddressForm,
    ReturnQuery,
)
from auth_service.service.mail_requests import Wish
from auth_service.service.mail_settings import Wishes
from auth_service.service.mail_sign_in import TypedCode
from shared.web.context import identity_of
from shared.web.pages.answers import PageAnswer, SeeOther, View

_ENTER, _CODE, _ADDRESS = "/account/sign-in", "/account/sign-in/code", "/account/email"


async def forget(request: web.Request, body: AddressForm) -> SeeOther:
    await request.app[MAIL_REQUESTS].ask(Wish.RESET, body.email)
    return SeeOther(_ENTER, notice("mail_sent"))


async def resend(request: web.Request, body: AddressForm) -> SeeOther:
    await request.app[MAIL_REQUESTS].ask(Wish.VERIFY, body.email)
    return SeeOther(_ENTER, notice("mail_sent"))


async def show_mail_sign_in(request: web.Request, query: ReturnQuery) -> View:  # noqa: ARG001  as below
    """The form to have a code or a link mailed with."""
    return View("account/mail_sign_in.html")


async def ask_for_mail(request: web.Request, query: ReturnQuery, body: MailSignInForm) -> SeeOther:
    if body.way == "link":
        await request.app[MAIL_REQUESTS].ask(Wish.LINK, body.email)
        return SeeOther(with_return(_ENTER, query.return_to), notice("mail_sent"))
    challenge = await request.app[MAIL_SIGN_IN].ask_code(body.email)
    kept = _kept(request).keep({"email": body.email, "challenge": challenge})
    return SeeOther(with_return(_CODE, query.return_to), cookies=[kept])  # the page itself tells of the mail


async def show_code(request: web.Request, query: ReturnQuery) -> PageAnswer:
    """The form for the code that was mailed."""
    asked = _kept(request).read(request)
    if asked is None:
        return SeeOther(with_return(_ENTER, query.return_to))
    return View("account/mail_code.html", {"email": asked["email"]})


async def sign_in_by_mailed_code(request: web.Request, query: ReturnQuery, body: CodeForm) -> SeeOther:
    asked = _kept(request).read(request)
    if asked is None:
        return SeeOther(with_return(_ENTER, query.return_to))
    typed = TypedCode(str(asked["email"]), str(asked["challenge"]), body.code)
    visitor = page_visitor_of(request)
    done = await let_in(request, query, request.app[MAIL_SIGN_IN].by_code(typed, visitor))
    return SeeOther(done.location, done.notice, [*done.cookies, _kept(request).clear()])


async def show_address(request: web.Request) -> View:
    """The address, the form to change it with, and what is mailed to it."""
    address = await request.app[MAIL_SETTINGS].read(identity_of(request).user_id)
    return View("account/email.html", {"address": address, **await has_password(request)})


async def change_address(request: web.Request, body: NewAddressForm) -> SeeOther:
    await request.app[EMAIL_CHANGE].ask(doer_of(request), body.email, body.password)
    return SeeOther(_ADDRESS, notice("email_change_asked"))


async def resend_to_own(request: web.Request) -> SeeOther:
    address = await request.app[MAIL_SETTINGS].read(identity_of(request).user_id)
    await request.app[MAIL_REQUESTS].ask(Wish.VERIFY, address.email)
    return SeeOther(_ADDRESS, notice("mail_sent"))


async def change_mail_settings_on_page(request: web.Request, body: MailSettingsForm) -> SeeOther:
    wishes = Wishes(body.language, body.new_device_notice)
    await request.app[MAIL_SETTINGS].change(identity_of(request).user_id, wishes, device_of(request))
    return SeeOther(_ADDRESS, notice("mail_settings_changed"))


def _kept(request: web.Request) -> Keeping:
    return request.app[KEPT]["mail_code"]
