"""The second step of signing in. What waits for it is kept by the browser, in a cookie that no script reads."""

from collections.abc import Awaitable

from aiohttp import web

from auth_service.domain.factors import FactorKind, Shown
from auth_service.errors import (
    InvalidPendingSignIn,
    PasskeyRefused,
    SecondFactorEnrolmentRequired,
    SecondFactorRequired,
)
from auth_service.handlers.admissions import page_visitor_of
from auth_service.handlers.pages.entering import entered, with_return
from auth_service.handlers.pages.passkeys import assertion_in
from auth_service.handlers.second_factor import PASSKEY_SIGN_IN, SECOND_FACTOR_SIGN_IN
from auth_service.messages.forms import CodeForm, PasskeyForm, RecoveryCodeForm, ReturnQuery
from auth_service.service.entrance import Admission
from shared.web.cookies import HostCookie
from shared.web.pages.answers import PageAnswer, SeeOther, View

PENDING = web.AppKey("pending_sign_in", HostCookie)
PENDING_COOKIE = "pending"
PATH = "/account/sign-in/second-factor"
ENROLMENT = "/account/sign-in/enrolment"
_SECONDS = 600  # as long as it waits on our side
_APART = "."


async def let_in(request: web.Request, query: ReturnQuery, admission: Awaitable[Admission]) -> SeeOther:
    """Return the way on of somebody who proved one factor: in, or to where the second is asked for, or added."""
    try:
        return entered(request, query, await admission)
    except SecondFactorRequired as exc:
        return ask_second_factor(request, query.return_to, exc)


def ask_second_factor(request: web.Request, return_to: str, required: SecondFactorRequired) -> SeeOther:
    factors = required.members["factors"]
    assert isinstance(factors, list)
    value = _APART.join((str(required.members["pending_sign_in"]), *factors))
    path = ENROLMENT if isinstance(required, SecondFactorEnrolmentRequired) else PATH
    return SeeOther(with_return(path, return_to), cookies=[request.app[PENDING].set(value, _SECONDS)])


async def show_second_factor(request: web.Request, query: ReturnQuery) -> PageAnswer:
    """The second step, by what the account has."""
    pending, factors = pending_of(request)
    if not pending:
        return SeeOther(with_return("/account/sign-in", query.return_to))
    options = await _passkey_options(request, pending) if FactorKind.PASSKEY in factors else None
    return View("account/second_factor.html", {"has_code": FactorKind.TOTP in factors, "options": options})


async def finish_by_code(request: web.Request, query: ReturnQuery, body: CodeForm) -> SeeOther:
    return await _finish(request, query, Shown(code=body.code))


async def finish_by_recovery_code(request: web.Request, query: ReturnQuery, body: RecoveryCodeForm) -> SeeOther:
    return await _finish(request, query, Shown(recovery_code=body.recovery_code))


async def finish_by_passkey(request: web.Request, query: ReturnQuery, body: PasskeyForm) -> SeeOther:
    return await _finish(request, query, Shown(passkey=assertion_in(body.credential)))


async def sign_in_by_passkey(request: web.Request, query: ReturnQuery, body: PasskeyForm) -> SeeOther:
    visitor = page_visitor_of(request)
    admission = request.app[PASSKEY_SIGN_IN].log_in(assertion_in(body.credential), visitor)
    return await let_in(request, query, admission)


async def _finish(request: web.Request, query: ReturnQuery, shown: Shown) -> SeeOther:
    pending, _ = pending_of(request)
    visitor = page_visitor_of(request)
    try:
        admission = await request.app[SECOND_FACTOR_SIGN_IN].finish(pending, shown, visitor)
    except InvalidPendingSignIn:
        return SeeOther(with_return("/account/sign-in", query.return_to), cookies=[request.app[PENDING].clear()])
    done = entered(request, query, admission)
    return SeeOther(done.location, done.notice, [*done.cookies, request.app[PENDING].clear()])


def pending_of(request: web.Request) -> tuple[str, list[str]]:
    """Return what waits, and the account's factors; empty where nothing does."""
    value = request.app[PENDING].read_one(request.headers.getall("Cookie", ()))
    pending, *factors = value.split(_APART)
    return pending, factors


async def _passkey_options(request: web.Request, pending: str) -> object | None:
    try:
        return await request.app[SECOND_FACTOR_SIGN_IN].passkey_options(pending, page_visitor_of(request))
    except (InvalidPendingSignIn, PasskeyRefused):
        return None  # the next step tells why
