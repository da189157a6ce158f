"""A person signs in with a provider: in a browser, which is led there and back, or in an app, which fetches tokens."""

from aiohttp import web

from auth_service.domain.federation import FLOW_LIFETIME, AppReturn
from auth_service.domain.redirect_uris import accept_redirect_uri
from auth_service.domain.sessions import SessionKind
from auth_service.handlers.admissions import admission_headers, present_admission, visitor_of
from auth_service.handlers.pages.second_factor import ask_second_factor
from auth_service.messages.accounts import SignInAnswer
from auth_service.messages.federation import (
    AppSignInRequest,
    AuthorizationView,
    ProviderSignInQuery,
    ProviderView,
    RedeemRequest,
)
from auth_service.service.federation import Departure, Federation, Returned, Wish
from shared.errors import InvalidParameter, MethodNotAllowed
from shared.web.answers import Answer, Page
from shared.web.cookies import HostCookie
from shared.web.return_path import safe_return_path

FEDERATION = web.AppKey("federation", Federation)
REDIRECT_URIS = web.AppKey("redirect_uris", tuple[str, ...])
BROWSER = web.AppKey("sign_in_browser", HostCookie)
BROWSER_COOKIE = "sign-in"
DEFAULT_PAGE = "/account"
_LONGEST_PARAMETER = 4096


async def list_providers(request: web.Request) -> Page[ProviderView]:
    """List the providers that people can sign in with, in the operator's order."""
    providers = request.app[FEDERATION].providers.values()
    return Page([ProviderView(each.id, each.label, f"/account/sign-in/with/{each.id}") for each in providers], None)


async def begin_provider_sign_in(request: web.Request, provider: str, query: ProviderSignInQuery) -> web.Response:
    """Lead a browser to the provider."""
    _only_by_going_there(request)
    wish = Wish(safe_return_path(query.return_to, DEFAULT_PAGE))
    departure = await request.app[FEDERATION].depart(provider, wish, browser_of(request))
    return _see_other(departure.url, departure_headers(request, departure))


async def finish_provider_sign_in(request: web.Request, provider: str) -> web.Response:
    """Take a browser back from the provider, signed in, to the page that it came from."""
    _only_by_going_there(request)
    visitor = visitor_of(request, SessionKind.BROWSER)
    arrival = await request.app[FEDERATION].arrive(provider, _returned(request), visitor)
    if arrival.owed is not None:
        asked = ask_second_factor(request, arrival.location, arrival.owed)
        return _see_other(asked.location, {"Set-Cookie": asked.cookies[0]})
    headers = admission_headers(request, arrival.admission) if arrival.admission is not None else {}
    return _see_other(arrival.location, headers)


async def begin_app_sign_in(request: web.Request, provider: str, body: AppSignInRequest) -> Answer[AuthorizationView]:
    """Begin to sign in to an app with a provider.

    Open `authorization_url` in a browser. It comes to `redirect_to` in the end, with `code`, or with `error`, which is
    a problem's code. Keep the code_verifier until then.
    """
    app = AppReturn(accept_redirect_uri(body.redirect_to, request.app[REDIRECT_URIS]), body.code_challenge)
    departure = await request.app[FEDERATION].depart(provider, Wish(app=app))
    return Answer(AuthorizationView(departure.url))


async def redeem_sign_in_code(request: web.Request, body: RedeemRequest) -> Answer[SignInAnswer]:
    """Fetch what signing in with a provider has made: the app's session.

    Ask once: a second use of the code, with the right verifier, ends the session that the first began.
    """
    visitor = visitor_of(request, body.session)
    admission = await request.app[FEDERATION].redeem(body.code, body.code_verifier, visitor)
    return Answer(present_admission(admission), headers=admission_headers(request, admission))


def browser_of(request: web.Request) -> str:
    """Return what this browser was given when it was last sent to a provider; empty without, or with two of them."""
    values = request.app[BROWSER].read(request.headers.getall("Cookie", ()))
    return values[0] if len(values) == 1 else ""


def departure_headers(request: web.Request, departure: Departure) -> dict[str, str]:
    """Return what goes with it: the browser keeps what it has to show when it comes back."""
    if not departure.browser:
        return {}
    cookie = request.app[BROWSER].set(departure.browser, int(FLOW_LIFETIME.total_seconds()))
    return {"Set-Cookie": cookie}


def _returned(request: web.Request) -> Returned:
    """Read what the provider wrote behind our address; what we don't know is left alone (RFC 6749, 4.1.2)."""
    state, code, error, issuer = (_parameter(request, name) for name in ("state", "code", "error", "iss"))
    return Returned(state or "", code or "", error or "", issuer, browser_of(request))


def _parameter(request: web.Request, name: str) -> str | None:
    values = request.query.getall(name, [])
    if len(values) > 1 or not all(len(each) <= _LONGEST_PARAMETER and each.isprintable() for each in values):
        raise InvalidParameter(f"{name} is given twice, too long, or holds characters that can't be printed.")
    return values[0] if values else None


def _only_by_going_there(request: web.Request) -> None:
    """Refuse HEAD: a look at these pages has consequences."""
    if request.method != "GET":
        raise MethodNotAllowed(headers={"Allow": "GET"})


def _see_other(location: str, headers: dict[str, str]) -> web.Response:
    return web.Response(status=303, headers={"Cache-Control": "no-store", "Location": location} | headers)
