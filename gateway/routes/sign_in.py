"""Routes of pages: who isn't signed in is led to sign in and back, by 303 instead of 401 (`sign_in` of a route)."""

from urllib.parse import quote

from gateway.routes.fields import Fields
from gateway.routes.model import Route

KEYS = frozenset({"sign_in"})
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_UNRESERVED = "/-._~"


def read_sign_in(fields: Fields) -> str:
    """Return the path of the page to sign in on; empty where programs are told 401."""
    path = fields.plain_text("sign_in")
    if path and (not path.startswith("/") or path.startswith("//") or quote(path, safe=_UNRESERVED) != path):
        fields.mistake("sign_in", f"sign_in {path!r} is not a path such as /account/sign-in")
    return path


def check_sign_in(route: Route, fields: Fields) -> None:
    if route.sign_in and (route.auth == "public" or route.websocket):
        fields.mistake(
            "sign_in", "sign_in is for pages that ask who is there: not for auth = public, nor for websockets"
        )


def way_to_sign_in(route: Route, method: str, target: str) -> str:
    """Return where to lead somebody who asked for `target`, both as services know paths.

    A form that was sent can't be sent again by coming back to it: the way back from there is the route's own path.
    """
    back = target if method in _SAFE_METHODS else route.prefix
    return f"{route.sign_in}?return_to={quote(back, safe=_UNRESERVED)}"
