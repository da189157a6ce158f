from aiohttp import web

from auth_service.domain.refreshing import ABSOLUTE_LIMIT
from auth_service.handlers.callers import COOKIE, device_of
from auth_service.messages import BrowserSignInAnswer, Credentials, RefreshRequest, TokenAnswer, present_tokens
from auth_service.service.browser_sessions import BrowserCookie
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


async def log_in_browser(request: web.Request, body: Credentials) -> Answer[BrowserSignInAnswer]:
    """Sign in as a browser, which gets a cookie that no script can read, and no tokens.

    The session that the browser had before ends. This one lasts 90 days, or until it wasn't used for 30.
    """
    cookie = request.app[COOKIE]
    replaced = [BrowserCookie.read(value) for value in cookie.read(request.headers.getall("Cookie", ()))]
    opening = await request.app[SIGN_IN].log_in_browser(
        body.email, body.password, device_of(request), replaced[0] if len(replaced) == 1 else None
    )
    headers = _NO_STORE | {"Set-Cookie": cookie.set(opening.cookie, int(ABSOLUTE_LIMIT.total_seconds()))}
    return Answer(BrowserSignInAnswer(opening.session.user_id), headers=headers)


async def refresh(request: web.Request, body: RefreshRequest) -> Answer[TokenAnswer]:
    """Get new tokens for a refresh token, which is spent by it.

    Should the answer be lost, ask again with the same token: it is answered with the same successor.
    """
    tokens = await request.app[REFRESHING].refresh(body.refresh_token, device_of(request))
    return Answer(present_tokens(tokens), headers=dict(_NO_STORE))
