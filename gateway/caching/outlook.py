"""What the cache would do with a request: its own rules, asked without fetching, keeping or taking away anything."""

import time
from dataclasses import dataclass

from gateway.cache.policy import Use, covers_error, use
from gateway.cache.store import CacheStore, Found
from gateway.caching.requests import CacheRequests
from gateway.context import RequestContext
from gateway.downstream.body import RequestBody
from gateway.downstream.request import Request
from gateway.forwarding import Admitted
from gateway.routes.model import CacheRule
from gateway.upstreams.requests import UpstreamRequest

READING = frozenset(("GET", "HEAD"))


@dataclass(frozen=True, slots=True)
class Outlook:
    """`request` is what the service would be asked, if that is another than without a cache."""

    why: str
    request: UpstreamRequest | None = None


class Oracle:
    def __init__(self, store: CacheStore, requests: CacheRequests) -> None:
        self._store = store
        self._requests = requests

    async def look(
        self, request: Request, context: RequestContext, admitted: Admitted, body: RequestBody
    ) -> Outlook | None:
        """Return what would happen; None where the cache has nothing to do with the request."""
        rule = admitted.route.cache
        if rule is None:
            return None
        if request.method not in READING:
            return Outlook(
                "what is kept of the path, and of Location in the answer, is taken away unless that is a 4xx"
            )
        if not rule.keeps:
            return None
        if admitted.principal is not None or body.length != 0:
            return Outlook("passed by: it comes with credentials or with a body")
        return await self._kept(request, context, admitted, rule)

    async def _kept(self, request: Request, context: RequestContext, admitted: Admitted, rule: CacheRule) -> Outlook:
        asked = self._requests.read(request, context, admitted, rule)
        found = await self._store.peek(asked.key)
        entry = None if found is None else found.entry
        return Outlook(_tell(found), self._requests.to_share(asked, entry))


def _tell(found: Found | None) -> str:
    if found is None:
        return "passed by: Valkey is away"
    if found.entry is None:
        return "nothing is kept: it is fetched, once for all who ask meanwhile"
    terms, age = found.entry.terms, time.time() - found.entry.born
    how = use(terms, age)
    if how is Use.FRESH:
        return f"answered from what is kept, {age:.0f} s old and fresh for {terms.lifetime - age:.0f} s more"
    if how is Use.WHILE_REVALIDATING:
        return f"answered from what is kept, stale for {age - terms.lifetime:.0f} s, while a new one is fetched"
    instead = ", or used if that fails" if covers_error(terms, age) else ""
    return f"what is kept is stale for {age - terms.lifetime:.0f} s: it is validated{instead}"
