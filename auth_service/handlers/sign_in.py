from aiohttp import web

from auth_service.handlers.callers import device_of
from auth_service.messages import Credentials, RefreshRequest, TokenAnswer, present_tokens
from auth_service.service.refreshing import Refreshing
from auth_service.service.sign_in import SignIn
from shared.web.answers import Answer, Created

SIGN_IN = web.AppKey("sign_in", SignIn)
REFRESHING = web.AppKey("refreshing", Refreshing)
_NO_STORE = {"Cache-Control": "no-store"}


async def register(request: web.Request, body: Credentials) -> Created[TokenAnswer]:
    """Make an account and sign in to it."""
    tokens = await request.app[SIGN_IN].register(body.email, body.password, device_of(request))
    return Created(present_tokens(tokens), headers=dict(_NO_STORE), location=f"/v1/users/{tokens.user_id}")


async def log_in(request: web.Request, body: Credentials) -> Answer[TokenAnswer]:
    """Sign in with email address and password."""
    tokens = await request.app[SIGN_IN].log_in(body.email, body.password, device_of(request))
    return Answer(present_tokens(tokens), headers=dict(_NO_STORE))


async def refresh(request: web.Request, body: RefreshRequest) -> Answer[TokenAnswer]:
    """Get new tokens for a refresh token, which is spent by it.

    Should the answer be lost, ask again with the same token: it is answered with the same successor.
    """
    tokens = await request.app[REFRESHING].refresh(body.refresh_token, device_of(request))
    return Answer(present_tokens(tokens), headers=dict(_NO_STORE))
