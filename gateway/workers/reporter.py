"""What the private port says of all workers: alive, ready when all are, and what they have measured together.

Whatever else a private port serves is answered by any one of them.
"""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import count

from aiohttp import web
from multidict import CIMultiDict
from prometheus_client import CollectorRegistry, Counter, Gauge, Metric, ProcessCollector

from gateway.workers.doors import Answer, Door
from gateway.workers.samples import take_snapshot
from gateway.workers.totals import Totals
from shared.errors import Unavailable
from shared.metrics import exposition
from shared.web.context import new_context
from shared.web.pages.problems import Asked
from shared.web.problem import render_problem

_OF_ONE_HOP = frozenset(("connection", "content-length", "date", "host", "keep-alive", "transfer-encoding"))
_SELF = "reporter"


class Reporter:
    """Fetches every worker's metrics at each `gather`: what one counts after the last is lost if it is killed."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self._doors = doors
        self._turns = count()
        self._totals = Totals()
        self._own = CollectorRegistry()
        ProcessCollector(registry=self._own)
        self._answering = Gauge("gateway_workers", "Worker processes that answer.", registry=self._own)
        self.ends = Counter("gateway_worker_ends", "Processes that ended and were started again.", registry=self._own)

    def metrics(self) -> Iterable[Metric]:
        """Return what all have measured together, as of the last `gather`."""
        return self._totals.collect()

    def app(self, more: Sequence[web.RouteDef] = ()) -> web.Application:
        app = web.Application()
        app.add_routes(more)
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_route("*", "/{rest:.*}", self._any_worker)
        return app

    async def gather(self) -> None:
        snapshots = await asyncio.gather(*(door.snapshot() for door in self._doors))
        for door, snapshot in zip(self._doors, snapshots, strict=True):
            self._totals.note(door.name, snapshot)
        self._answering.set(sum(snapshot is not None for snapshot in snapshots))
        self._totals.note(_SELF, take_snapshot(self._own))

    async def _livez(self, _request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _readyz(self, _request: web.Request) -> web.Response:
        results = await asyncio.gather(*(door.readiness() for door in self._doors))
        ready = all(result == "ok" for result in results)
        checks = {door.name: result for door, result in zip(self._doors, results, strict=True)}
        return web.json_response({"ready": ready, "checks": checks}, status=200 if ready else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        await self.gather()
        body, content_type = exposition(request.headers.get("Accept", ""), self._totals)
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _any_worker(self, request: web.Request) -> web.Response:
        headers = CIMultiDict(kept for kept in request.headers.items() if kept[0].lower() not in _OF_ONE_HOP)
        body = await request.read()
        turn = next(self._turns)
        for door in (*self._doors[turn % len(self._doors) :], *self._doors[: turn % len(self._doors)]):
            answer = await door.ask(request.method, request.raw_path, headers, body)
            if answer is not None:
                return _passed_on(answer)
        return _nobody(request)


def _passed_on(answer: Answer) -> web.Response:
    headers = CIMultiDict(kept for kept in answer.headers.items() if kept[0].lower() not in _OF_ONE_HOP)
    return web.Response(status=answer.status, headers=headers, body=answer.body)


def _nobody(request: web.Request) -> web.Response:
    problem = render_problem(
        Unavailable("No worker answers."),
        Asked(request.rel_url.raw_path, request.headers.get("Accept", "")),
        request_id=new_context(request).request_id,
    )
    return web.Response(status=problem.status, headers=dict(problem.headers), body=problem.body)
