"""The private port's side of it."""

import msgspec
from aiohttp import web

from gateway.explain.question import read_question
from gateway.explain.walk import Explainer


def explain_route(explainer: Explainer) -> web.RouteDef:
    """Return GET /explain: lines for people, or JSON for whoever accepts that."""

    async def explain(request: web.Request) -> web.Response:
        report = await explainer.explain(read_question(request.query))
        if "application/json" in request.headers.get("Accept", ""):
            return web.Response(body=msgspec.json.encode(report), content_type="application/json")
        return web.Response(text=report.lines())

    return web.get("/explain", explain)
