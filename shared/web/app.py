"""Builds a service's two applications out of its route tables."""

import json
from collections.abc import Mapping, Sequence
from functools import cache

from aiohttp import web

from shared.identity import Verifier
from shared.lifecycle import Lifecycle
from shared.web.binding import bind
from shared.web.health import OPEN_PATHS, Check, health_routes
from shared.web.middleware import on_answer, surround
from shared.web.openapi import openapi_document
from shared.web.pages.binding import bind_page
from shared.web.pages.problems import PROBLEM_PAGES, ProblemPages
from shared.web.public_url import PUBLIC_URL, root_of
from shared.web.routes import Auth, Route


def public_app(
    title: str, routes: Sequence[Route], verifier: Verifier, lifecycle: Lifecycle, *, public_url: str = ""
) -> web.Application:
    """Return the application that the gateway talks to; it tells its own API at /openapi.json."""

    @cache
    def document() -> str:
        return json.dumps(
            openapi_document(title, [route for route in routes if route.page is None and not route.hidden])
        )

    async def openapi(_request: web.Request) -> web.StreamResponse:
        return web.json_response(text=document())  # made when somebody asks: most processes are never asked

    app = web.Application(middlewares=[surround(verifier)])
    app[PUBLIC_URL] = public_url
    app[PROBLEM_PAGES] = ProblemPages(root_of(app))
    _add(app, [*routes, Route("GET", "/openapi.json", openapi, Auth.PUBLIC)], lifecycle)
    return app


def private_app(
    routes: Sequence[Route],
    verifier: Verifier,
    checks: Mapping[str, Check],
    lifecycle: Lifecycle,
    for_operators: Sequence[web.RouteDef] = (),
) -> web.Application:
    """Return the application for probes, Prometheus and our other programs.

    `for_operators` are open to whoever reaches this port, as the probes' routes are.
    """
    open_paths = OPEN_PATHS.union(route.path for route in for_operators)
    app = web.Application(middlewares=[surround(verifier, open_paths)])
    app.add_routes([*health_routes(checks, lifecycle), *for_operators])
    _add(app, routes, lifecycle)
    return app


def _add(app: web.Application, routes: Sequence[Route], lifecycle: Lifecycle) -> None:
    for route in routes:
        handler = bind(route) if route.page is None else bind_page(route, route.page)
        app.router.add_route(route.method, route.path, handler)
        if route.method == "GET":
            app.router.add_route("HEAD", route.path, handler)
    app.on_response_prepare.append(on_answer(lifecycle))
