"""How a person comes in over HTTP, and what they are answered once they are in."""

from dataclasses import replace

from aiohttp import web

from auth_service.domain.languages import choose_language
from auth_service.domain.refreshing import ABSOLUTE_LIMIT
from auth_service.domain.sessions import SessionKind
from auth_service.handlers.callers import COOKIE, device_of
from auth_service.messages.accounts import SignInAnswer, present_tokens
from auth_service.service.browser_sessions import BrowserCookie
from auth_service.service.entrance import Admission, Visitor


def visitor_of(request: web.Request, kind: SessionKind) -> Visitor:
    """Return who comes in. The session that the browser had before is named by the cookie beside."""
    values = request.app[COOKIE].read(request.headers.getall("Cookie", ()))
    replaced = BrowserCookie.read(values[0]) if kind is SessionKind.BROWSER and len(values) == 1 else None
    language = choose_language(request.headers.get("Accept-Language", ""))
    return Visitor(device_of(request), kind, replaced, language)


def page_visitor_of(request: web.Request) -> Visitor:
    """Return who comes in at a page of ours."""
    return replace(visitor_of(request, SessionKind.BROWSER), on_page=True)


def present_admission(admission: Admission) -> SignInAnswer:
    if isinstance(admission.credential, str):
        return SignInAnswer(admission.user_id)
    return present_tokens(admission.user_id, admission.credential)


def admission_headers(request: web.Request, admission: Admission) -> dict[str, str]:
    """Return what goes with it: a browser gets its cookie."""
    if not isinstance(admission.credential, str):
        return {}
    return cookie_headers(request, admission.credential)


def cookie_headers(request: web.Request, value: str) -> dict[str, str]:
    return {"Set-Cookie": request.app[COOKIE].set(value, int(ABSOLUTE_LIMIT.total_seconds()))}
