"""What surrounds every handler of a service: it is observed, authenticated, and its failures are told."""

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from shared.errors import (
    AppError,
    BadRequest,
    BodyTooLarge,
    InternalError,
    MethodNotAllowed,
    NotFound,
    Unauthenticated,
    describe,
)
from shared.identity import HEADER, Identity, Verifier
from shared.lifecycle import Lifecycle
from shared.logs import log
from shared.metrics import PROBLEMS, REQUESTS_IN_FLIGHT
from shared.tracing import REQUEST_ID
from shared.web.context import CONTEXT, new_context
from shared.web.observing import record
from shared.web.pages.problems import PROBLEM_PAGES, Asked, ProblemPages
from shared.web.problem import render_problem

_PLAIN = ProblemPages()


def surround(verifier: Verifier, open_paths: frozenset[str] = frozenset()) -> Middleware:
    """Return the middleware of an application in which `open_paths` alone need no assertion.

    It is one for all three steps, since each of them would be a coroutine more for every request.
    """

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        context = request[CONTEXT] = new_context(request)
        REQUESTS_IN_FLIGHT.inc()
        try:
            try:
                if request.path in open_paths:
                    context.spans = None  # a probe is nobody's request, however often it fails
                else:
                    context.identity = _authenticate(request, verifier)
                response = await handler(request)
            except Exception as exc:  # noqa: BLE001  the caller learns the request id, the operator the stack
                response = _tell(request, exc)
            context.outcome = response.status
            if context.closes:
                response.force_close()
            return response
        finally:
            REQUESTS_IN_FLIGHT.dec()
            record(request, context)

    return answer


def _authenticate(request: web.Request, verifier: Verifier) -> Identity:
    """Let nothing in without exactly one valid assertion, on loopback too. Raises Unauthenticated."""
    tokens = request.headers.getall(HEADER, ())
    if len(tokens) != 1:
        raise Unauthenticated("Requests come through the gateway.")
    return verifier.verify(tokens[0])


def _tell(request: web.Request, exc: Exception) -> web.StreamResponse:
    """Answer a failure with its problem document, and one that nobody named with nothing but its request id."""
    if isinstance(exc, AppError):
        return _problem(request, exc)
    if isinstance(exc, web.HTTPRedirection | ConnectionResetError):  # the latter: the client is gone
        raise exc
    if isinstance(exc, web.HTTPException):
        return _problem(request, _from_aiohttp(exc))
    log.error("request_failed", exc, **{"http.request.id": request[CONTEXT].request_id})
    return _problem(request, InternalError())


def _problem(request: web.Request, error: AppError) -> web.StreamResponse:
    context = request[CONTEXT]
    PROBLEMS.labels(error.code).inc()
    if error.status >= InternalError.status:
        log.warning(
            "request_refused",
            **{"error.code": error.code, "error.message": describe(error), "http.request.id": context.request_id},
        )
    if context.answered:
        context.outcome = error.status
        _abort(request)
        raise ConnectionResetError("the answer broke off") from error
    headers, path = request.headers, request.rel_url.raw_path
    asked = Asked(path, headers.get("Accept", ""), headers.get("Accept-Language", ""), request.method)
    pages = request.app.get(PROBLEM_PAGES, _PLAIN)
    rendered = render_problem(error, asked, request_id=context.request_id, pages=pages)
    return web.Response(status=rendered.status, headers=dict(rendered.headers), body=rendered.body)


def _abort(request: web.Request) -> None:
    """Cut the connection: the only way left to tell the client that the body isn't whole."""
    if request.transport is not None:
        request.transport.abort()


def _from_aiohttp(exc: web.HTTPException) -> AppError:
    if isinstance(exc, web.HTTPMethodNotAllowed):
        return MethodNotAllowed(headers={"Allow": exc.headers.get("Allow", "")})
    known: dict[int, Callable[[], AppError]] = {404: NotFound, 413: BodyTooLarge}
    if exc.status >= InternalError.status:
        return InternalError()
    return known.get(exc.status, BadRequest)()


def on_answer(lifecycle: Lifecycle) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return the signal handler of `on_response_prepare`: from then on a failure can only cut the connection."""

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        if (context := request.get(CONTEXT)) is not None:
            context.answered = True
            response.headers[REQUEST_ID] = context.request_id
        if lifecycle.stopping:
            response.force_close()
            response.headers["Connection"] = "close"

    return prepare
