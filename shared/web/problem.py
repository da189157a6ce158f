"""The one place where a failure becomes an answer: RFC 9457 JSON, or the same as a page for a browser."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.errors import AppError, Unauthenticated
from shared.web.pages.problems import Asked, ProblemPages
from shared.web.pages.templates import HTML

PROBLEM_JSON = "application/problem+json"
_PLAIN = ProblemPages()


@dataclass(frozen=True, slots=True)
class RenderedProblem:
    status: int
    headers: Mapping[str, str]  # with Content-Type
    body: bytes


def problem_document(error: AppError, *, instance: str, request_id: str) -> dict[str, Any]:
    """Return the members of RFC 9457 with our `code`, `request_id` and `errors`."""
    document: dict[str, Any] = {
        "type": f"urn:colonnade:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail or error.title,
        "instance": instance,
        "code": error.code,
        "request_id": request_id,
    }
    if error.errors:
        document["errors"] = [{"pointer": place.pointer, "detail": place.detail} for place in error.errors]
    return error.members | document


def render_problem(error: AppError, asked: Asked, *, request_id: str, pages: ProblemPages = _PLAIN) -> RenderedProblem:
    """Return the answer to a request that failed with `error`; `pages` are what a browser is shown."""
    document = problem_document(error, instance=asked.instance, request_id=request_id)
    headers = {"Cache-Control": "no-store", **_challenge(error), **error.headers}
    if prefers_html(asked.accept):
        body = pages.render(document, asked, error.wait).encode()
        return RenderedProblem(error.status, headers | {"Content-Type": HTML}, body)
    return RenderedProblem(error.status, headers | {"Content-Type": PROBLEM_JSON}, msgspec.json.encode(document))


def _challenge(error: AppError) -> Mapping[str, str]:
    """Return what every 401 has to say (RFC 9110, 11.6.1), unless its raiser says more."""
    return {"WWW-Authenticate": "Bearer"} if error.status == Unauthenticated.status else {}


def prefers_html(accept: str) -> bool:
    """Tell a browser that navigates, which names text/html first, from a program."""
    return re.split("[,;]", accept, maxsplit=1)[0].strip().lower() == "text/html"
