"""Signing in with a second factor, or with a passkey alone."""

from aiohttp import web

from auth_service.domain.sessions import SessionKind
from auth_service.handlers.admissions import admission_headers, present_admission, visitor_of
from auth_service.handlers.callers import device_of
from auth_service.messages.accounts import SignInAnswer
from auth_service.messages.factors import (
    PasskeyOptions,
    PasskeySignInRequest,
    PendingSignInRequest,
    SecondFactorRequest,
    credential_in,
    shown_in,
)
from auth_service.service.passkey_sign_in import PasskeySignIn
from auth_service.service.second_factor_sign_in import SecondFactorSignIn
from shared.web.answers import Answer

SECOND_FACTOR_SIGN_IN = web.AppKey("second_factor_sign_in", SecondFactorSignIn)
PASSKEY_SIGN_IN = web.AppKey("passkey_sign_in", PasskeySignIn)


async def finish_sign_in(request: web.Request, body: SecondFactorRequest) -> Answer[SignInAnswer]:
    """Finish a sign-in that was answered with `second_factor_required`, as the way in that was taken first would have.

    It is good for ten minutes and five guesses, in the network that it began in.
    """
    visitor = visitor_of(request, SessionKind.BROWSER)  # its cookie counts if it is that kind of session again
    admission = await request.app[SECOND_FACTOR_SIGN_IN].finish(body.pending_sign_in, shown_in(body), visitor)
    return Answer(present_admission(admission), headers=admission_headers(request, admission))


async def ask_passkey_to_finish(request: web.Request, body: PendingSignInRequest) -> Answer[PasskeyOptions]:
    """Get what a browser needs to show a passkey as the second factor. Good for five minutes, once."""
    visitor = visitor_of(request, SessionKind.TOKEN)
    options = await request.app[SECOND_FACTOR_SIGN_IN].passkey_options(body.pending_sign_in, visitor)
    return Answer(PasskeyOptions(options))


async def ask_passkey_to_sign_in(request: web.Request) -> Answer[PasskeyOptions]:
    """Get what a browser needs to sign in with a passkey alone: its owner chooses one, and types nothing."""
    options = request.app[PASSKEY_SIGN_IN].options(device_of(request))
    return Answer(PasskeyOptions(options))


async def log_in_with_passkey(request: web.Request, body: PasskeySignInRequest) -> Answer[SignInAnswer]:
    """Sign in with a passkey that has verified its owner, by a PIN or a finger. No other factor is asked for then."""
    visitor = visitor_of(request, body.session)
    admission = await request.app[PASSKEY_SIGN_IN].log_in(credential_in(body.passkey), visitor)
    return Answer(present_admission(admission), headers=admission_headers(request, admission))
