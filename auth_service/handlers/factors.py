"""What a person keeps as second factors."""

from uuid import UUID

from aiohttp import web

from auth_service.handlers.callers import doer_of
from auth_service.messages.factors import (
    ConfirmationRequest,
    EnrolmentView,
    FactorsView,
    NewPasskeyRequest,
    NewPasskeyView,
    PasskeyChange,
    PasskeyOptions,
    PasskeyView,
    RecoveryCodesView,
    credential_in,
    present_added_passkey,
    present_enrolment,
    present_factors,
    present_passkey,
)
from auth_service.service.factors import FactorKeeping
from auth_service.service.passkey_registration import Offer
from auth_service.service.passkeys import PasskeyKeeping
from shared.web.answers import Answer, Created
from shared.web.context import identity_of

FACTORS = web.AppKey("factors", FactorKeeping)
PASSKEYS = web.AppKey("passkeys", PasskeyKeeping)


async def get_factors(request: web.Request) -> FactorsView:
    """Read which factors you have: authenticator app, passkeys, how many recovery codes."""
    keeping, identity = request.app[FACTORS], identity_of(request)
    return present_factors(await keeping.overview(identity.user_id), required=keeping.requirement.asks(identity.roles))


async def enrol_totp(request: web.Request) -> Answer[EnrolmentView]:
    """Begin to add an authenticator app: it counts once a code of it is confirmed. The secret is told this once."""
    enrolment = await request.app[FACTORS].enrol_totp(doer_of(request))
    return Answer(present_enrolment(enrolment))


async def confirm_totp(request: web.Request, body: ConfirmationRequest) -> Answer[RecoveryCodesView]:
    """Add the authenticator app by a code that it shows. The first factor comes with ten recovery codes."""
    codes = await request.app[FACTORS].confirm_totp(doer_of(request), body.code)
    return Answer(RecoveryCodesView(codes))


async def remove_totp(request: web.Request) -> None:
    """Remove the authenticator app. With the last factor the recovery codes go too."""
    await request.app[FACTORS].remove_totp(doer_of(request))


async def renew_recovery_codes(request: web.Request) -> Answer[RecoveryCodesView]:
    """Get ten new recovery codes; the old ones are void."""
    codes = await request.app[FACTORS].renew_recovery_codes(doer_of(request))
    return Answer(RecoveryCodesView(codes))


async def ask_for_passkey(request: web.Request) -> Answer[PasskeyOptions]:
    """Get what a browser needs to make a passkey. Good for five minutes, once."""
    return Answer(PasskeyOptions(await request.app[PASSKEYS].options(doer_of(request))))


async def add_passkey(request: web.Request, body: NewPasskeyRequest) -> Created[NewPasskeyView]:
    """Add the passkey that the browser made. An account has at most 20."""
    offer = Offer(body.name, credential_in(body.credential), body.credential.response.transports)
    added = await request.app[PASSKEYS].add(doer_of(request), offer)
    location = f"/v1/auth/factors/passkeys/{added.passkey.passkey_id}"
    return Created(present_added_passkey(added), location=location)


async def rename_passkey(request: web.Request, passkey_id: UUID, body: PasskeyChange) -> PasskeyView:
    """Name one of your passkeys."""
    return present_passkey(await request.app[PASSKEYS].rename(identity_of(request).user_id, passkey_id, body.name))


async def remove_passkey(request: web.Request, passkey_id: UUID) -> None:
    """Remove one of your passkeys, unless nobody could sign in any more then."""
    await request.app[PASSKEYS].remove(doer_of(request), passkey_id)
