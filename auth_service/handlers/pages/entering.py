"""Where people go on who have just signed in."""

from urllib.parse import urlencode

from aiohttp import web

from auth_service.handlers.admissions import admission_headers
from auth_service.messages.forms import ReturnQuery
from auth_service.service.entrance import Admission
from shared.web.pages.answers import SeeOther
from shared.web.return_path import safe_return_path

HOME = "/account"


def entered(request: web.Request, query: ReturnQuery, admission: Admission) -> SeeOther:
    """Return the way on of somebody who was let in, with the cookie of their session."""
    cookie = admission_headers(request, admission)["Set-Cookie"]
    return SeeOther(safe_return_path(query.return_to, HOME), cookies=[cookie])


def with_return(path: str, return_to: str) -> str:
    """Return `path`, on the way to `return_to` if that is a page of ours."""
    onward = safe_return_path(return_to, "")
    return f"{path}?{urlencode({'return_to': onward})}" if onward else path
