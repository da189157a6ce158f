"""Has mails sent, whoever asks. Every address is answered alike."""

from aiohttp import web

from auth_service.domain.one_time_tokens import LIFETIMES, Purpose
from auth_service.handlers.admissions import admission_headers, present_admission, visitor_of
from auth_service.messages.accounts import SignInAnswer
from auth_service.messages.mail import (
    AddressRequest,
    CodeAnswer,
    CodeSignInRequest,
    LinkSignInRequest,
    MailAnswer,
)
from auth_service.service.mail_requests import MailRequests, Wish
from auth_service.service.mail_sign_in import MailSignIn, TypedCode
from shared.web.answers import Accepted, Answer

MAIL_REQUESTS = web.AppKey("mail_requests", MailRequests)
MAIL_SIGN_IN = web.AppKey("mail_sign_in", MailSignIn)


def promise(purpose: Purpose) -> Accepted[MailAnswer]:
    return Accepted(MailAnswer(int(LIFETIMES[purpose].total_seconds())))


async def resend_verification(request: web.Request, body: AddressRequest) -> Accepted[MailAnswer]:
    """Have the link that confirms an address mailed again.

    The answer is the same for every address. One gets five mails an hour at most.
    """
    await request.app[MAIL_REQUESTS].ask(Wish.VERIFY, body.email)
    return promise(Purpose.VERIFY)


async def forgot_password(request: web.Request, body: AddressRequest) -> Accepted[MailAnswer]:
    """Have a link mailed by which a new password can be set.

    The answer is the same for every address. One gets five mails an hour at most.
    """
    await request.app[MAIL_REQUESTS].ask(Wish.RESET, body.email)
    return promise(Purpose.RESET)


async def request_sign_in_code(request: web.Request, body: AddressRequest) -> Accepted[CodeAnswer]:
    """Have a code mailed to sign in with.

    The answer is the same for every address. One gets five mails an hour at most.
    """
    challenge = await request.app[MAIL_SIGN_IN].ask_code(body.email)
    life = LIFETIMES[Purpose.SIGN_IN_CODE].total_seconds()
    return Accepted(CodeAnswer(challenge, int(life)))


async def request_sign_in_link(request: web.Request, body: AddressRequest) -> Accepted[MailAnswer]:
    """Have a link mailed to sign in by.

    The answer is the same for every address. One gets five mails an hour at most.
    """
    await request.app[MAIL_REQUESTS].ask(Wish.LINK, body.email)
    return promise(Purpose.SIGN_IN_LINK)


async def sign_in_by_code(request: web.Request, body: CodeSignInRequest) -> Answer[SignInAnswer]:
    """Sign in with a mailed code and the challenge that it was asked for with."""
    typed = TypedCode(body.email, body.challenge, body.code)
    admission = await request.app[MAIL_SIGN_IN].by_code(typed, visitor_of(request, body.session))
    return Answer(present_admission(admission), headers=admission_headers(request, admission))


async def sign_in_by_link(request: web.Request, body: LinkSignInRequest) -> Answer[SignInAnswer]:
    """Sign in by the token of a mailed link."""
    admission = await request.app[MAIL_SIGN_IN].by_link(body.token, visitor_of(request, body.session))
    return Answer(present_admission(admission), headers=admission_headers(request, admission))
