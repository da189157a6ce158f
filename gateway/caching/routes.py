"""Routes with a cache (RFC 9111): what a request gets from it, what it makes the cache fetch, and what it takes away.

What a client wants to be fresher than the service says (`no-cache`, `max-age`, `min-fresh`), or lets be staler, is not
heeded, as RFC 9111, 5.2.1 allows: a storm of reloads ends here. `no-store` and `only-if-cached` are.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from gateway.authentication.identity import Assertions
from gateway.cache.conditions import is_conditional
from gateway.cache.flights import Flight, Flights, Name
from gateway.cache.headers import directives, values
from gateway.cache.ledger import Ledger
from gateway.cache.link import Link
from gateway.cache.memory import Memory
from gateway.cache.metrics import REQUESTS
from gateway.cache.passing import Passing
from gateway.cache.policy import Use, covers_error, use
from gateway.cache.status import CacheStatus
from gateway.cache.store import CacheStore, Found
from gateway.caching.answers import CachedAnswers
from gateway.caching.changes import Changes
from gateway.caching.fetching import Fetched, Fetcher, HandedOver, Outcome, Wanted
from gateway.caching.outlook import READING, Oracle
from gateway.caching.requests import Asked, CacheRequests
from gateway.context import RequestContext
from gateway.downstream.answer import Answer
from gateway.downstream.body import RequestBody
from gateway.downstream.request import Request
from gateway.edge.hosts import Hosts
from gateway.errors import NotCached
from gateway.forwarding import Admitted, Forwarder
from gateway.responder import Responder
from gateway.valkey.budget import within_budget

WAIT = 5.0  # seconds for which one waits for another's fetch; then it goes by itself
_MOST_FLIGHTS = 256  # beyond these, what may be served stale isn't fetched anew yet


class Caching:
    """For routes whose `cache` isn't None; all others never come here."""

    def __init__(self, tools: "Tools") -> None:
        self._tools = tools
        self.oracle = Oracle(tools.store, tools.requests)
        self._flights: Flights[Outcome] = Flights()
        self._passing = Passing()

    async def aclose(self) -> None:
        await self._flights.aclose()

    async def forward(self, request: Request, context: RequestContext, admitted: Admitted, body: RequestBody) -> Answer:
        """Answer from the cache or the service. Raises as Forwarder.forward does, and NotCached."""
        rule = admitted.route.cache
        assert rule is not None
        if request.method not in READING:
            return await self._tools.changes.forward(request, context, admitted, body)
        if not rule.keeps:
            return await self._tools.forwarder.forward(request, context, admitted, body)
        if admitted.principal is not None or body.length != 0:  # for one person; or asked for by more than a key
            _note(context, "bypass")
            context.headers.append(CacheStatus("bypass").header())
            return await self._tools.forwarder.forward(request, context, admitted, body)
        return await self._read(self._tools.requests.read(request, context, admitted, rule))

    async def _read(self, asked: Asked) -> Answer:
        control = directives(values(asked.headers, "cache-control"))
        only_kept = "only-if-cached" in control
        found = None if self._is_passed(asked) else await self._tools.store.find(asked.key)
        entry = None if found is None else found.entry
        if found is not None and entry is not None:
            how = use(entry.terms, time.time() - entry.born)
            if how is Use.WHILE_REVALIDATING:
                self._revalidate(asked, found)
            if how is not Use.AFTER_VALIDATION:
                _note(asked.context, "hit" if how is Use.FRESH else "stale")
                return await self._tools.answers.send(asked, entry, CacheStatus())
        if only_kept:
            raise NotCached
        if found is None:
            return await self._alone(asked, "bypass")
        if "no-store" in control or (entry is None and _is_partial(asked)):
            return await self._alone(asked, "miss")
        return await self._fetch(asked, found)

    def _is_passed(self, asked: Asked) -> bool:
        return asked.key.entry in self._passing or is_conditional(asked.headers)

    async def _fetch(self, asked: Asked, found: Found) -> Answer:
        """Wait for the service's answer: one fetch for all who want the same, if they may share it."""
        why = "miss" if found.entry is None else "stale"
        flight, joined = self._flight(asked, found)
        outcome = await flight.wait(WAIT if joined else None)
        if isinstance(outcome, HandedOver):
            assert outcome.exchange is not None  # or it couldn't be claimed
            if outcome.exchange.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                self._passing.note(asked.key.entry)
            if asked.by_a_reader and _refuses(outcome.exchange.status):  # once more, to be told in words
                await outcome.exchange.end()
                return await self._alone(asked, why)
            _note(asked.context, "miss")
            return await self._tools.answers.pass_on(asked, outcome.exchange, why)
        if outcome is None or (joined and not _is_usable(outcome)):
            return await self._alone(asked, why)
        _note(asked.context, "stale" if outcome.stands_in else "miss")
        status = CacheStatus(why, outcome.answered, stored=outcome.stored and not joined, collapsed=joined)
        return await self._tools.answers.send(asked, outcome.entry, status)

    def _flight(self, asked: Asked, found: Found) -> tuple[Flight[Outcome], bool]:
        """Return the flight to wait for, and whether somebody else began it."""
        wanted = self._wanted(asked, found)
        if found.entry is not None and not found.entry.terms.lifetime:  # each must ask for itself whether it holds
            return self._flights.start_alone(self._tools.fetcher.fetch(wanted)), False
        name = (asked.key.entry, found.marker)
        flight = self._current(name)
        if flight is None:
            return self._flights.start(name, self._tools.fetcher.fetch(wanted)), False
        return flight, True

    def _current(self, name: Name) -> Flight[Outcome] | None:
        """Return the flight that is under way, or whose outcome still serves."""
        flight = self._flights.find(name)
        return flight if flight is None or flight.outcome is None or _is_usable(flight.outcome) else None

    def _revalidate(self, asked: Asked, found: Found) -> None:
        name = (asked.key.entry, found.marker)
        if self._current(name) is None and len(self._flights) < _MOST_FLIGHTS:
            self._flights.start(name, self._tools.fetcher.revalidate(self._wanted(asked, found)), kept=True)

    def _wanted(self, asked: Asked, found: Found) -> Wanted:
        request = self._tools.requests.to_share(asked, found.entry)
        pool, route = asked.admitted.pool, asked.admitted.route.name
        return Wanted(route, asked.rule, pool, request, asked.key, found.marker, found.entry)

    async def _alone(self, asked: Asked, why: str) -> Answer:
        _note(asked.context, "bypass" if why == "bypass" else "miss")
        exchange = await asked.admitted.pool.exchange(self._tools.requests.for_one(asked))
        return await self._tools.answers.pass_on(asked, exchange, why)


@dataclass(frozen=True, slots=True)
class Tools:
    """What the cache rests on."""

    store: CacheStore
    fetcher: Fetcher
    requests: CacheRequests
    answers: CachedAnswers
    changes: Changes
    forwarder: Forwarder


@dataclass(frozen=True, slots=True)
class CachePlace:
    """Where answers are kept, and how many bytes of them; `is_lost` says whether it is known already to be away.

    `public_url` and `hosts` are what clients reach us by: answers that were made for another are not found.
    """

    url: str
    most_bytes: int
    is_lost: Callable[[], bool]
    public_url: str
    hosts: Hosts


@asynccontextmanager
async def open_caching(
    place: CachePlace, assertions: Assertions, forwarder: Forwarder, responder: Responder
) -> AsyncIterator[Caching]:
    """Yield the cache over a Valkey that need not be there yet, and is first asked for an answer that may be kept."""
    memory, link = Memory(), Link(place.url, within_budget, place.is_lost)
    store = CacheStore(link, Ledger(place.most_bytes), memory, within_budget)
    requests, answers = CacheRequests(assertions, place.public_url, place.hosts), CachedAnswers(forwarder, responder)
    changes = Changes(store, requests, forwarder)
    caching = Caching(Tools(store, Fetcher(store, memory), requests, answers, changes, forwarder))
    try:
        yield caching
    finally:
        await caching.aclose()
        await store.aclose()
        await link.aclose()


def _note(context: RequestContext, outcome: str) -> None:
    REQUESTS.labels(context.route, outcome).inc()


def _is_partial(asked: Asked) -> bool:
    """Whether the request wants less than what would be kept: then nothing is fetched for the cache's sake."""
    return asked.request.method == "HEAD" or bool(values(asked.headers, "range"))


def _refuses(status: int) -> bool:
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR


def _is_usable(outcome: Outcome) -> bool:
    """Whether those who didn't ask for it themselves may be given it."""
    if not isinstance(outcome, Fetched):
        return False
    terms, age = outcome.entry.terms, time.time() - outcome.entry.born
    return covers_error(terms, age) if outcome.stands_in else use(terms, age) is Use.FRESH
