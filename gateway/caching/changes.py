"""Requests that change what the cache may have kept (RFC 9111, 4.4)."""

from gateway.cache.metrics import INVALIDATIONS
from gateway.cache.store import CacheStore
from gateway.caching.requests import CacheRequests
from gateway.context import RequestContext
from gateway.downstream.answer import Answer
from gateway.downstream.body import RequestBody
from gateway.downstream.request import Request
from gateway.forwarding import Admitted, Forwarder
from gateway.upstreams.exchange import Exchange

_REFUSED = range(400, 500)


class Changes:
    def __init__(self, store: CacheStore, requests: CacheRequests, forwarder: Forwarder) -> None:
        self._store = store
        self._requests = requests
        self._forwarder = forwarder

    async def forward(self, request: Request, context: RequestContext, admitted: Admitted, body: RequestBody) -> Answer:
        """Take away what an unsafe request may have changed, before its client learns that it has.

        One that failed on its way may have been carried out all the same; one that was refused (4xx) was not.
        """
        exchange: Exchange | None = None
        rule = admitted.route.cache
        assert rule is not None  # no other route's requests come here
        try:
            try:
                exchange = await self._forwarder.exchange(request, context, admitted, body)
            finally:
                if exchange is None or exchange.status not in _REFUSED:
                    await self._forget(context, self._requests.changed_paths(rule, context.target, exchange))
            return await self._forwarder.relay(request, context, admitted, exchange)
        finally:
            if exchange is not None:
                await exchange.end()

    async def _forget(self, context: RequestContext, paths: set[str]) -> None:
        if paths:
            INVALIDATIONS.labels(context.route).inc()
            await self._store.forget(paths)
