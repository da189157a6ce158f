"""Proving anew that it is you, before what is sensitive."""

from aiohttp import web

from auth_service.domain.factors import Shown
from auth_service.handlers.admissions import cookie_headers
from auth_service.handlers.callers import doer_of
from auth_service.handlers.factors import FACTORS
from auth_service.handlers.pages.entering import HOME
from auth_service.handlers.pages.passkeys import assertion_in
from auth_service.handlers.step_up import STEP_UP
from auth_service.messages.forms import CodeForm, PasskeyForm, PasswordForm, RecoveryCodeForm, ReturnQuery
from shared.web.context import identity_of
from shared.web.pages.answers import SeeOther, View
from shared.web.return_path import safe_return_path


async def show_step_up(request: web.Request, query: ReturnQuery) -> View:
    """By the password, or by a second factor where the account has one."""
    overview = await request.app[FACTORS].overview(identity_of(request).user_id)
    options = await request.app[STEP_UP].passkey_options(doer_of(request)) if overview.passkeys else None
    return View(
        "account/step_up.html",
        {"factors": overview, "options": options, "return_to": safe_return_path(query.return_to, HOME)},
    )


async def step_up_by_password(request: web.Request, query: ReturnQuery, body: PasswordForm) -> SeeOther:
    await request.app[STEP_UP].by_password(doer_of(request), body.password)
    return await _onward(request, query)


async def step_up_by_code(request: web.Request, query: ReturnQuery, body: CodeForm) -> SeeOther:
    return await _by_factor(request, query, Shown(code=body.code))


async def step_up_by_recovery_code(request: web.Request, query: ReturnQuery, body: RecoveryCodeForm) -> SeeOther:
    return await _by_factor(request, query, Shown(recovery_code=body.recovery_code))


async def step_up_by_passkey(request: web.Request, query: ReturnQuery, body: PasskeyForm) -> SeeOther:
    return await _by_factor(request, query, Shown(passkey=assertion_in(body.credential)))


async def _by_factor(request: web.Request, query: ReturnQuery, shown: Shown) -> SeeOther:
    await request.app[STEP_UP].by_factor(doer_of(request), shown)
    return await _onward(request, query)


async def _onward(request: web.Request, query: ReturnQuery) -> SeeOther:
    """Go on with another cookie, as who has proved anew gets (ASVS 5.0, 7.2.4)."""
    cookie = await request.app[STEP_UP].exchange_cookie(doer_of(request))
    cookies = [cookie_headers(request, cookie)["Set-Cookie"]] if cookie else []
    return SeeOther(safe_return_path(query.return_to, HOME), cookies=cookies)
