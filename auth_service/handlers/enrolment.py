"""Signing in where a second factor is required and the account has none: by adding one."""

from aiohttp import web

from auth_service.domain.sessions import SessionKind
from auth_service.handlers.admissions import admission_headers, present_admission, visitor_of
from auth_service.messages.enrolment import (
    EnrolledAnswer,
    EnrolmentConfirmation,
    PasskeyEnrolment,
    present_enrolled,
)
from auth_service.messages.factors import (
    EnrolmentView,
    PasskeyOptions,
    PendingSignInRequest,
    credential_in,
    present_enrolment,
)
from auth_service.service.enrolment_sign_in import Enrolled, EnrolmentSignIn
from auth_service.service.passkey_registration import Offer
from shared.web.answers import Answer

ENROLMENT_SIGN_IN = web.AppKey("enrolment_sign_in", EnrolmentSignIn)


async def begin_app_to_sign_in(request: web.Request, body: PendingSignInRequest) -> Answer[EnrolmentView]:
    """Begin to add an authenticator app, for a sign-in that was answered with `second_factor_enrolment_required`."""
    visitor = visitor_of(request, SessionKind.TOKEN)
    return Answer(present_enrolment(await request.app[ENROLMENT_SIGN_IN].begin_app(body.pending_sign_in, visitor)))


async def finish_sign_in_by_new_app(request: web.Request, body: EnrolmentConfirmation) -> Answer[EnrolledAnswer]:
    """Add the app by a code that it shows, and be signed in as the way in that was taken first would have.

    Ten recovery codes come with it, told this once.
    """
    visitor = visitor_of(request, SessionKind.BROWSER)  # its cookie counts if it is that kind of session again
    enrolled = await request.app[ENROLMENT_SIGN_IN].finish_by_app(body.pending_sign_in, body.code, visitor)
    return _answer(request, enrolled)


async def ask_for_passkey_to_sign_in(request: web.Request, body: PendingSignInRequest) -> Answer[PasskeyOptions]:
    """Get what a browser needs to make a passkey instead. Good for five minutes, once."""
    visitor = visitor_of(request, SessionKind.TOKEN)
    return Answer(PasskeyOptions(await request.app[ENROLMENT_SIGN_IN].passkey_options(body.pending_sign_in, visitor)))


async def finish_sign_in_by_new_passkey(request: web.Request, body: PasskeyEnrolment) -> Answer[EnrolledAnswer]:
    """Add the passkey that the browser made, and be signed in, as with an app."""
    offer = Offer(body.name, credential_in(body.credential), body.credential.response.transports)
    visitor = visitor_of(request, SessionKind.BROWSER)  # as above
    enrolled = await request.app[ENROLMENT_SIGN_IN].finish_by_passkey(body.pending_sign_in, offer, visitor)
    return _answer(request, enrolled)


def _answer(request: web.Request, enrolled: Enrolled) -> Answer[EnrolledAnswer]:
    headers = admission_headers(request, enrolled.admission)
    return Answer(present_enrolled(present_admission(enrolled.admission), enrolled.recovery_codes), headers=headers)
