from aiohttp import web

from auth_service.handlers.admissions import cookie_headers
from auth_service.handlers.callers import doer_of
from auth_service.messages.factors import PasskeyOptions, StepUpAnswer, StepUpRequest, present_step_up, shown_in
from auth_service.service.step_up import StepUp
from shared.errors import MalformedBody
from shared.web.answers import Answer

STEP_UP = web.AppKey("step_up", StepUp)


async def step_up(request: web.Request, body: StepUpRequest) -> Answer[StepUpAnswer]:
    """Prove anew that it is you, for what asks with `insufficient_user_authentication`.

    Good for ten minutes. Where the account has a second factor, that has to be shown. A browser gets another cookie.
    """
    service, doer = request.app[STEP_UP], doer_of(request)
    if body.password is None:
        token = await service.by_factor(doer, shown_in(body))
    elif (body.code, body.recovery_code, body.passkey) == (None, None, None):
        token = await service.by_password(doer, body.password)
    else:
        raise MalformedBody("Show a password or a factor.")
    cookie = await service.exchange_cookie(doer) if token is None else None
    return Answer(present_step_up(token), headers=cookie_headers(request, cookie) if cookie else {})


async def ask_passkey_to_step_up(request: web.Request) -> Answer[PasskeyOptions]:
    """Get what a browser needs to step up by a passkey. Good for five minutes, once."""
    options = await request.app[STEP_UP].passkey_options(doer_of(request))
    return Answer(PasskeyOptions(options))
