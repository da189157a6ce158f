"""The second step of signing in for who has to have a second factor and has none: adding one.

What waits is kept as where a factor is asked for. The page after it shows the recovery codes, and leads on from there.
"""

from functools import wraps

from aiohttp import web

from auth_service.errors import InvalidPendingSignIn
from auth_service.handlers.admissions import admission_headers, page_visitor_of
from auth_service.handlers.enrolment import ENROLMENT_SIGN_IN
from auth_service.handlers.pages.entering import HOME, with_return
from auth_service.handlers.pages.factors import PATH as FACTORS_PATH
from auth_service.handlers.pages.factors import pictured
from auth_service.handlers.pages.kept import KEPT, Keeping
from auth_service.handlers.pages.notices import notice
from auth_service.handlers.pages.passkeys import attestation_in
from auth_service.handlers.pages.second_factor import ENROLMENT, PENDING, pending_of
from auth_service.messages.factors import credential_in
from auth_service.messages.forms import CodeForm, NewPasskeyForm, ReturnQuery
from auth_service.service.enrolment_sign_in import Enrolled
from auth_service.service.entrance import Visitor
from auth_service.service.passkey_registration import Offer
from shared.web.pages.answers import PageAnswer, SeeOther, View
from shared.web.return_path import safe_return_path
from shared.web.routes import Handler

APP = f"{ENROLMENT}/app"


def _while_it_waits(handler: Handler) -> Handler:
    """Have who comes too late begin anew."""

    @wraps(handler)
    async def handle(request: web.Request, *, query: ReturnQuery, **more: object) -> object:
        try:
            return await handler(request, query=query, **more)
        except InvalidPendingSignIn:
            cookies = [request.app[PENDING].clear(), _kept(request).clear()]
            return SeeOther(with_return("/account/sign-in", query.return_to), cookies=cookies)

    return handle


@_while_it_waits
async def show_enrolment(request: web.Request, query: ReturnQuery) -> View:  # noqa: ARG001  the forms' addresses keep it
    """What can be added: an authenticator app, or a passkey."""
    options = await request.app[ENROLMENT_SIGN_IN].passkey_options(*_waiting(request))
    return View("account/enrolment.html", {"options": options})


@_while_it_waits
async def begin_app(request: web.Request, query: ReturnQuery) -> SeeOther:
    """Make the app's secret, which the browser keeps as where one is added later."""
    enrolment = await request.app[ENROLMENT_SIGN_IN].begin_app(*_waiting(request))
    cookies = [_kept(request).keep({"secret": enrolment.secret})]
    return SeeOther(with_return(APP, query.return_to), cookies=cookies)


@_while_it_waits
async def show_app(request: web.Request, query: ReturnQuery) -> PageAnswer:
    """The QR code of the app that is being added."""
    kept, (token, visitor) = _kept(request).read(request), _waiting(request)
    if kept is None:
        return SeeOther(with_return(ENROLMENT, query.return_to))
    enrolment = await request.app[ENROLMENT_SIGN_IN].describe_app(token, str(kept["secret"]), visitor)
    return View("account/app.html", pictured(enrolment, ENROLMENT))


@_while_it_waits
async def finish_by_app(request: web.Request, query: ReturnQuery, body: CodeForm) -> SeeOther:
    token, visitor = _waiting(request)
    enrolled = await request.app[ENROLMENT_SIGN_IN].finish_by_app(token, body.code, visitor)
    return _entered(request, query, enrolled, "app_added")


@_while_it_waits
async def finish_by_passkey(request: web.Request, query: ReturnQuery, body: NewPasskeyForm) -> SeeOther:
    made, (token, visitor) = attestation_in(body.credential), _waiting(request)
    offer = Offer(body.name, credential_in(made), made.response.transports)
    enrolled = await request.app[ENROLMENT_SIGN_IN].finish_by_passkey(token, offer, visitor)
    return _entered(request, query, enrolled, "passkey_added")


def _entered(request: web.Request, query: ReturnQuery, enrolled: Enrolled, code: str) -> SeeOther:
    told = notice(code, recovery_codes=enrolled.recovery_codes or [], onward=safe_return_path(query.return_to, HOME))
    cookie = admission_headers(request, enrolled.admission)["Set-Cookie"]
    return SeeOther(FACTORS_PATH, told, [cookie, request.app[PENDING].clear(), _kept(request).clear()])


def _waiting(request: web.Request) -> tuple[str, Visitor]:
    token, _ = pending_of(request)
    return token, page_visitor_of(request)


def _kept(request: web.Request) -> Keeping:
    return request.app[KEPT]["enrolment"]
