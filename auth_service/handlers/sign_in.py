from aiohttp import web

from auth_service.domain.one_time_tokens import Purpose
from auth_service.handlers.admissions import admission_headers, present_admission, visitor_of
from auth_service.handlers.callers import device_of
from auth_service.handlers.mail_requests import promise
from auth_service.messages.accounts import Credentials, RefreshRequest, SignInAnswer, present_tokens
from auth_service.messages.mail import MailAnswer
from auth_service.service.refreshing import Refreshing
from auth_service.service.sign_in import SignIn
from shared.web.answers import Accepted, Answer, Created

SIGN_IN = web.AppKey("sign_in", SignIn)
REFRESHING = web.AppKey("refreshing", Refreshing)


async def register(request: web.Request, body: Credentials) -> Created[SignInAnswer] | Accepted[MailAnswer]:
    """Make an account and sign in to it.

    Where addresses have to be verified first, the answer is 202 whether or not there is an account already: a mail says
    how to go on.
    """
    admission = await request.app[SIGN_IN].register(body.email, body.password, visitor_of(request, body.session))
    if admission is None:
        return promise(Purpose.VERIFY)
    return Created(
        present_admission(admission),
        headers=admission_headers(request, admission),
        location=f"/v1/users/{admission.user_id}",
    )


async def log_in(request: web.Request, body: Credentials) -> Answer[SignInAnswer]:
    """Sign in with email address and password.

    `session` says how it will be held: by tokens, or, as `browser`, by a cookie that no script can read. The session
    that the browser had before ends; the new one lasts 90 days, or until it wasn't used for 30.
    """
    admission = await request.app[SIGN_IN].log_in(body.email, body.password, visitor_of(request, body.session))
    return Answer(present_admission(admission), headers=admission_headers(request, admission))


async def refresh(request: web.Request, body: RefreshRequest) -> Answer[SignInAnswer]:
    """Get new tokens for a refresh token, which is spent by it.

    Should the answer be lost, ask again with the same token: it is answered with the same successor.
    """
    user_id, tokens = await request.app[REFRESHING].refresh(body.refresh_token, device_of(request))
    return Answer(present_tokens(user_id, tokens))
