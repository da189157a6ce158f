"""What surrounds every handler of a service, outermost first: observe, tell problems, authenticate."""

import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.hdrs import METH_ALL
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
from shared.identity import HEADER, Verifier
from shared.logs import log, loggable_path
from shared.metrics import REQUEST_SECONDS, REQUESTS_IN_FLIGHT
from shared.tracing import REQUEST_ID
from shared.web.context import CONTEXT, RequestContext, new_context
from shared.web.problem import render_problem
from shared.web.public_url import root_of


def middlewares(verifier: Verifier, open_paths: frozenset[str] = frozenset()) -> tuple[Middleware, ...]:
    """Return them for an application in which `open_paths` alone need no assertion."""
    return (observe, tell_problems, authenticate(verifier, open_paths))


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its context, and write its one line and its metrics when it is over."""
    context = request[CONTEXT] = new_context(request)
    REQUESTS_IN_FLIGHT.inc()
    try:
        response = await handler(request)
        context.outcome = response.status
        return response
    finally:
        REQUESTS_IN_FLIGHT.dec()
        _record(request, context)


def _record(request: web.Request, context: RequestContext) -> None:
    seconds = time.perf_counter() - context.started
    route = route_template(request)
    method = request.method if request.method in METH_ALL else "other"  # a client may call it anything
    REQUEST_SECONDS.labels(method, route, str(context.outcome)).observe(seconds)
    log.info(
        "request",
        **{
            "http.request.method": request.method,
            "http.route": route,
            "url.path": loggable_path(request.path),
            "http.response.status_code": context.outcome,
            "event.duration": int(seconds * 1e9),
            "http.request.id": context.request_id,
            "trace.id": context.trace.trace_id,
            "span.id": context.trace.span_id,
            "user.id": context.identity.subject,
        },
    )


def route_template(request: web.Request) -> str:
    """Return `/v1/users/{user_id}` for a request's path, so that labels stay bounded."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"


@web.middleware
async def tell_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a failure with its problem document, and one that nobody named with nothing but its request id."""
    try:
        return await handler(request)
    except AppError as exc:
        error = exc
    except web.HTTPRedirection:
        raise
    except web.HTTPException as exc:
        error = _from_aiohttp(exc)
    except ConnectionResetError:
        raise  # the client is gone
    except Exception as exc:  # noqa: BLE001  the caller learns the request id, the operator the stack
        log.error("request_failed", exc, **{"http.request.id": request[CONTEXT].request_id})
        error = InternalError()
    return _problem(request, error)


def _problem(request: web.Request, error: AppError) -> web.StreamResponse:
    context = request[CONTEXT]
    if error.status >= InternalError.status:
        log.warning(
            "request_refused",
            **{"error.code": error.code, "cause": describe(error), "http.request.id": context.request_id},
        )
    if context.answered:
        context.outcome = error.status
        _abort(request)
        raise ConnectionResetError("the answer broke off") from error
    rendered = render_problem(
        error,
        accept=request.headers.get("Accept", ""),
        instance=request.rel_url.raw_path,
        request_id=context.request_id,
        root=root_of(request.app),
    )
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


async def note_answered(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler of `on_response_prepare`: from here on a failure can only cut the connection."""
    if (context := request.get(CONTEXT)) is not None:
        context.answered = True
        response.headers[REQUEST_ID] = context.request_id


def authenticate(verifier: Verifier, open_paths: frozenset[str]) -> Middleware:
    """Return the middleware that lets nothing in without exactly one valid assertion, on loopback too."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in open_paths:
            return await handler(request)
        tokens = request.headers.getall(HEADER, [])
        if len(tokens) != 1:
            raise Unauthenticated("Requests come through the gateway.")
        request[CONTEXT].identity = verifier.verify(tokens[0])
        return await handler(request)

    return check
