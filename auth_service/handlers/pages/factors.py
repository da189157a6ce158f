import base64
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from auth_service.handlers.callers import doer_of
from auth_service.handlers.factors import FACTORS, PASSKEYS
from auth_service.handlers.pages.kept import KEPT, Keeping
from auth_service.handlers.pages.notices import notice
from auth_service.handlers.pages.passkeys import attestation_in
from auth_service.handlers.pages.visitors import PEOPLE
from auth_service.messages.factors import credential_in
from auth_service.messages.forms import CodeForm, NewPasskeyForm
from auth_service.one_time_codes import describe
from auth_service.service.passkeys import Offer
from shared.web.context import identity_of
from shared.web.pages.answers import PageAnswer, SeeOther, View

_PATH = "/account/factors"
_APP = f"{_PATH}/app"


async def show_factors(request: web.Request) -> View:
    """What the account has, and how to add and remove it."""
    return View("account/factors.html", {"factors": await request.app[FACTORS].overview(identity_of(request).user_id)})


async def begin_app(request: web.Request) -> SeeOther:
    """Make the app's secret; until a code of it is confirmed the browser keeps it, encrypted, to show it again."""
    enrolment = await request.app[FACTORS].enrol_totp(doer_of(request))
    return SeeOther(_APP, cookies=[_kept(request).keep({"secret": enrolment.secret})])


async def show_app(request: web.Request) -> PageAnswer:
    """The QR code of an authenticator app that is being added."""
    kept = _kept(request).read(request)
    if kept is None:
        return SeeOther(_PATH)
    secret, keeping = str(kept["secret"]), request.app[FACTORS]
    account = await request.app[PEOPLE].find_by_id(identity_of(request).user_id, b"")
    enrolment = describe(base64.b32decode(secret), account.email if account is not None else "", keeping.issuer)
    picture = Markup(enrolment.picture)  # noqa: S704  an SVG that we drew
    return View("account/app.html", {"enrolment": enrolment, "picture": picture})


async def confirm_app(request: web.Request, body: CodeForm) -> SeeOther:
    codes = await request.app[FACTORS].confirm_totp(doer_of(request), body.code)
    return SeeOther(_PATH, notice("app_added", **_told(codes)), [_kept(request).clear()])


async def remove_app(request: web.Request) -> SeeOther:
    await request.app[FACTORS].remove_totp(doer_of(request))
    return SeeOther(_PATH, notice("app_removed"))


async def renew_recovery_codes_on_page(request: web.Request) -> SeeOther:
    codes = await request.app[FACTORS].renew_recovery_codes(doer_of(request))
    return SeeOther(_PATH, notice("recovery_codes_renewed", **_told(codes)))


async def show_new_passkey(request: web.Request) -> View:
    """The form by which a browser makes a passkey."""
    return View("account/new_passkey.html", {"options": await request.app[PASSKEYS].options(doer_of(request))})


async def add_passkey_on_page(request: web.Request, body: NewPasskeyForm) -> SeeOther:
    made = attestation_in(body.credential)
    offer = Offer(body.name, credential_in(made), made.response.transports)
    added = await request.app[PASSKEYS].add(doer_of(request), offer)
    return SeeOther(_PATH, notice("passkey_added", **_told(added.recovery_codes)))


async def remove_passkey_on_page(request: web.Request, passkey_id: UUID) -> SeeOther:
    await request.app[PASSKEYS].remove(doer_of(request), passkey_id)
    return SeeOther(_PATH, notice("passkey_removed"))


def _told(codes: list[str] | None) -> dict[str, str | list[str]]:
    return {"recovery_codes": codes} if codes else {}


def _kept(request: web.Request) -> Keeping:
    return request.app[KEPT]["enrolment"]
