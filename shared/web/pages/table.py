"""Rows of the route table for people: pages, and the forms on them.

SIGN_IN = page("/account/sign-in", show_sign_in)
PAGES = (SIGN_IN, form("/account/sign-in", sign_in, on=SIGN_IN, faults={"invalid_credentials": "password"}))

Handlers take path, `query` and `body` by name as others do, the body from a form, and return a `View` or `SeeOther`; a
form's handler returns `SeeOther`, or a `web.StreamResponse` to be saved, or raises.
A form needs its token, and must come from a page of PUBLIC_URL's origin.
"""

from collections.abc import Mapping

from aiohttp import web

from shared.web.pages.answers import View
from shared.web.pages.forms import FORM_TYPES
from shared.web.pages.streaming import MULTIPART_TYPES
from shared.web.routes import Auth, Handler, PageRules, Route

_MAX_FORM = 65_536  # bytes


def page(path: str, show: Handler, *, signed_in: bool = False, auth: Auth = Auth.PUBLIC) -> Route:
    """Return the row of a page: public for the gateway, unless `auth` says otherwise. The kit finds out who asks."""
    return Route("GET", path, show, auth, page=PageRules(signed_in))


def form(path: str, submit: Handler, *, on: Route, faults: Mapping[str, str] | None = None) -> Route:
    """Return the row of a form that stands on the page `on`, for the same people as that."""
    assert on.page is not None
    rules = PageRules(on.page.signed_in, on, faults or {})
    return Route("POST", path, submit, on.auth, body_types=FORM_TYPES, max_body=_MAX_FORM, page=rules)


def upload_form(path: str, submit: Handler, *, on: Route) -> Route:
    """Return the row of a form with a file in it: its handler reads the body as shared/web/pages/streaming.py says."""
    assert on.page is not None
    rules = PageRules(on.page.signed_in, on, streamed=True)
    return Route("POST", path, submit, on.auth, body_types=MULTIPART_TYPES, page=rules)


def fixed(template: str) -> Handler:
    """Return the handler of a page that says the same to everybody."""

    async def show(_request: web.Request) -> View:
        return View(template)

    return show
