"""Fetching for the cache: an answer is collected and kept if it may be, and else handed over to who asked first."""

import time
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from secrets import token_bytes

from gateway.cache.entry import Entry
from gateway.cache.headers import Header, values
from gateway.cache.key import Key
from gateway.cache.memory import Memory
from gateway.cache.metrics import STORES
from gateway.cache.policy import ERRORS, born, covers_error, freshened, retention, terms
from gateway.cache.store import CacheStore
from gateway.edge.headers import downstream_headers
from gateway.routes.model import CacheRule
from gateway.upstreams.exchange import Exchange
from gateway.upstreams.pool import Pool
from gateway.upstreams.requests import UpstreamRequest
from shared.errors import AppError

_SERIAL_BYTES = 8
_OF_ONE_ANSWER = frozenset(("age", "cache-status", "content-length", "server-timing"))
_OF_ONE_ANSWER_PREFIXES = ("ratelimit", "x-ratelimit")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be fetched, under which key and marker it is kept, and what is kept there that is stale."""

    route: str
    rule: CacheRule
    pool: Pool
    request: UpstreamRequest
    key: Key
    marker: bytes
    stale: Entry | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer. `answered` is the status that the service gave, 0 for none; `stands_in`: it is the stale one."""

    entry: Entry
    answered: int
    stored: bool = False
    stands_in: bool = False
    for_all: bool = True

    def claim(self) -> bool:
        return True

    async def discard(self) -> None:
        """Nothing is held."""


class HandedOver:
    """An answer that isn't kept, for the first to claim it, who must end the exchange. None: of no use to anybody."""

    for_all = False

    def __init__(self, exchange: Exchange | None) -> None:
        self.exchange = exchange
        self._claimed = False

    def claim(self) -> bool:
        first, self._claimed = not self._claimed, True
        return first and self.exchange is not None

    async def discard(self) -> None:
        if self.exchange is not None and self.claim():
            await self.exchange.end()


Outcome = Fetched | HandedOver


class Fetcher:
    def __init__(self, store: CacheStore, memory: Memory) -> None:
        self._store = store
        self._memory = memory

    async def revalidate(self, wanted: Wanted) -> Outcome:
        """Fetch for nobody but the cache."""
        outcome = await self.fetch(wanted)
        if not outcome.for_all:
            await outcome.discard()
        return outcome

    async def fetch(self, wanted: Wanted) -> Outcome:
        """Raises an AppError where nothing stands in for an answer that fails."""
        try:
            return await self._fetch(wanted)
        except AppError:
            stale = wanted.stale
            if stale is None or not covers_error(stale.terms, time.time() - stale.born):
                raise
            return Fetched(stale, 0, stands_in=True)

    async def _fetch(self, wanted: Wanted) -> Outcome:
        asked = time.time()
        exchange = await wanted.pool.exchange(wanted.request)
        outcome: Outcome | None = None
        try:
            outcome = await self._receive(wanted, _Head(exchange, asked, time.time()))
        finally:
            if not isinstance(outcome, HandedOver) or outcome.exchange is None:
                await exchange.end()
        return outcome

    async def _receive(self, wanted: Wanted, head: "_Head") -> Outcome:
        stale, exchange, status = wanted.stale, head.exchange, head.exchange.status
        if stale is not None and status == HTTPStatus.NOT_MODIFIED:
            return await self._freshen(wanted, stale, head)
        if stale is not None and status in ERRORS and covers_error(stale.terms, head.answered - stale.born):
            return Fetched(stale, status, stands_in=True)
        found = None if head.is_live else terms(status, head.headers, head.answered)
        body = None if found is None else await self._collect(exchange, wanted.rule.max_body)
        if found is None or body is None:
            await self._drop(wanted, status)
            return HandedOver(exchange)
        return await self._keep(wanted, head, Entry(*head.about(wanted.marker, status), head.kept(), found, body))

    async def _freshen(self, wanted: Wanted, stale: Entry, head: "_Head") -> Outcome:
        """Take what a 304 says into what is kept. What must not be kept any more is of no use, not even this once."""
        headers = freshened(stale.headers, head.kept())
        found = None if headers is None else terms(stale.status, headers, head.answered)
        if headers is None or found is None:
            await self._drop(wanted, head.exchange.status)
            return HandedOver(None)
        entry = Entry(*head.about(wanted.marker, stale.status), headers, found, stale.body)
        return await self._keep(wanted, head, entry)

    async def _collect(self, exchange: Exchange, most: int) -> bytes | None:
        """Return the whole body; None, and nothing is read, if that is more than may be kept or held."""
        if exchange.length is not None and exchange.length > most:
            return None
        parts: list[bytes] = []
        size = 0
        try:
            while data := await exchange.read():
                parts.append(data)
                size += len(data)
                self._memory.collect(len(data))
                if size > most or self._memory.is_full:
                    exchange.unread(b"".join(parts))
                    return None
            return b"".join(parts)
        finally:
            self._memory.release(size)

    async def _keep(self, wanted: Wanted, head: "_Head", entry: Entry) -> Fetched:
        entry = self._memory.shared(wanted.key.entry, entry)
        seconds = retention(entry.terms, entry.headers, head.answered - entry.born)
        stored = await self._store.keep(wanted.key, entry, seconds)
        if stored:
            STORES.labels(wanted.route).inc()
        return Fetched(entry, head.exchange.status, stored)

    async def _drop(self, wanted: Wanted, status: int) -> None:
        """What the service answers now takes the place of what it answered before; a failure doesn't."""
        if wanted.stale is not None and status < HTTPStatus.INTERNAL_SERVER_ERROR:
            await self._store.forget((wanted.key.entry,))


class _Head:
    """The head of an answer, with when it was asked for and when it came, in seconds since 1970."""

    def __init__(self, exchange: Exchange, asked: float, answered: float) -> None:
        self.exchange = exchange
        self.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in exchange.headers]
        self.answered = answered
        self._asked = asked

    @property
    def is_live(self) -> bool:
        """Whether it may go on for ever: then nobody waits for its end."""
        return any(value.lower().startswith("text/event-stream") for value in values(self.headers, "content-type"))

    def about(self, marker: bytes, status: int) -> tuple[bytes, bytes, int, float]:
        return marker, token_bytes(_SERIAL_BYTES), status, born(self.headers, self._asked, self.answered)

    def kept(self) -> list[Header]:
        """Return the headers without those that are about this one answer, and with the date of its origin."""
        dates = values(self.headers, "date")[:1] or [formatdate(self.answered, usegmt=True)]
        kept = [header for header in downstream_headers(self.exchange.headers) if not _is_of_one_answer(header[0])]
        return [*kept, ("Date", dates[0])]


def _is_of_one_answer(name: str) -> bool:
    lower = name.lower()
    return lower in _OF_ONE_ANSWER or lower.startswith(_OF_ONE_ANSWER_PREFIXES)
