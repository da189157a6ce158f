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
from auth_service.one_time_codes import Enrolment, describe
from auth_service.service.passkey_registration import Offer
from shared.web.context import identity_of
from shared.web.pages.answers import PageAnswer, SeeOther, View

PATH = "/account/factors"
_APP = f"{PATH}/app"


async def show_factors(request: web.Request) -> View:
    """What the account has, and how to add and remove it."""
    keeping, identity = request.app[FACTORS], identity_of(request)
    required = keeping.requirement.asks(identity.roles)
    return View("account/factors.html", {"factors": await keeping.overview(identity.user_id), "required": required})


async def begin_app(request: web.Request) -> SeeOther:
    """Make the app's secret; until a code of it is confirmed the browser keeps it, encrypted, to show it again."""
    enrolment = await request.app[FACTORS].enrol_totp(doer_of(request))
    return SeeOther(_APP, cookies=[_kept(request).keep({"secret": enrolment.secret})])


async def show_app(request: web.Request) -> PageAnswer:
    """The QR code of an authenticator app that is being added."""
    kept = _kept(request).read(request)
    if kept is None:
        return SeeOther(PATH)
    secret, keeping = str(kept["secret"]), request.app[FACTORS]
    account = await request.app[PEOPLE].find_by_id(identity_of(request).user_id, b"")
    enrolment = describe(base64.b32decode(secret), account.email if account is not None else "", keeping.apps.issuer)
    return View("account/app.html", pictured(enrolment, PATH))


async def confirm_app(request: web.Request, body: CodeForm) -> SeeOther:
    codes = await request.app[FACTORS].confirm_totp(doer_of(request), body.code)
    return SeeOther(PATH, notice("app_added", **_told(codes)), [_kept(request).clear()])


async def remove_app(request: web.Request) -> SeeOther:
    await request.app[FACTORS].remove_totp(doer_of(request))
    return SeeOther(PATH, notice("app_removed"))


async def renew_recovery_codes_on_page(request: web.Request) -> SeeOther:
    codes = await request.app[FACTORS].renew_recovery_codes(doer_of(request))
    return SeeOther(PATH, notice("recovery_codes_renewed", **_told(codes)))


async def show_new_passkey(request: web.Request) -> View:
    """The form by which a browser makes a passkey."""
    return View("account/new_passkey.html", {"options": await request.app[PASSKEYS].options(doer_of(request))})


async def add_passkey_on_page(request: web.Request, body: NewPasskeyForm) -> SeeOther:
    made = attestation_in(body.credential)
    offer = Offer(body.name, credential_in(made), made.response.transports)
    added = await request.app[PASSKEYS].add(doer_of(request), offer)
    return SeeOther(PATH, notice("passkey_added", **_told(added.recovery_codes)))


async def remove_passkey_on_page(request: web.Request, passkey_id: UUID) -> SeeOther:
    await request.app[PASSKEYS].remove(doer_of(request), passkey_id)
    return SeeOther(PATH, notice("passkey_removed"))


def pictured(enrolment: Enrolment, path: str) -> dict[str, object]:
    """Return what the page of an app that is being added shows, which stands below `path`."""
    picture = Markup(enrolment.picture)  # noqa: S704  an SVG that we drew
    return {"enrolment": enrolment, "picture": picture, "path": path}


def _told(codes: list[str] | None) -> dict[str, str | list[str]]:
    return {"recovery_codes": codes} if codes else {}


def _kept(request: web.Request) -> Keeping:
    return request.app[KEPT]["enrolment"]
