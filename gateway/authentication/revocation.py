"""Which sessions and API keys have been revoked, followed from auth_service's feed and kept in memory for as long as
an access token lives."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

import msgspec
from prometheus_client import Counter, Gauge, Histogram

from gateway.authentication.tokens import MAX_LIFETIME
from shared.errors import Unavailable
from shared.events.model import FeedPage, ResyncRequired
from shared.logs import log
from shared.spans.recorder import errand

SNAPSHOT_PATH = "/internal/revocations"
# A signing key that was withdrawn is revoked as a session is: by its id, with all that was let in by it.
EVENT_TYPES = frozenset(("session_revoked", "api_key_revoked", "signing_key_withdrawn"))
KEY_EVENT_TYPES = frozenset(("signing_key_published", "signing_key_withdrawn"))
RESTORED = "api_key_restored"  # its owner's ban was lifted
CHANGE_TYPES = frozenset(("session_stepped_up",))  # the session lives, and says more
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0  # seconds between attempts to reach auth_service

_CONNECTED = Gauge("gateway_revocation_feed_connected", "1 while auth_service tells of revoked sessions.")
_LAG = Histogram(
    "gateway_revocation_lag_seconds",
    "From the moment that a session or API key was revoked to the moment that it is refused here.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 660),
)
_SILENCE = Gauge(
    "gateway_revocation_feed_silence_seconds",
    "Since auth_service last answered: up to 25 while there is nothing to tell, and more only if it is away.",
)
_REVOKED = Gauge("gateway_revoked_sessions", "Revoked sessions and API keys kept in memory.")
_RESYNCS = Counter("gateway_revocation_resyncs_total", "Snapshots of revoked sessions loaded.")


class Revocation(msgspec.Struct, frozen=True):
    session_id: UUID
    revoked_at: datetime


class Snapshot(msgspec.Struct, frozen=True):
    """All sessions revoked lately; follow the feed from `position` afterwards."""

    epoch: UUID
    position: int
    revocations: list[Revocation]


class AuthFeed(Protocol):
    """shared.events.client.InternalClient, as far as it is needed here."""

    async def get(self, path: str) -> bytes: ...
    async def events(self, after: int, epoch: UUID) -> FeedPage: ...


def _ignore(_credential_id: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Subscriber:
    revoked: Callable[[str], None]
    lost: Callable[[], None]
    changed: Callable[[str], None]


class Revocations:
    """Contains the ids of revoked sessions and API keys. One is forgotten once no token can have outlived it; whoever
    keeps what lives longer subscribes.
    """

    def __init__(self, feed: AuthFeed, clock: Callable[[], float] = time.monotonic) -> None:
        self._feed = feed
        self._clock = clock
        self._until: dict[str, float] = {}  # oldest first
        self._watchers: dict[str, set[Callable[[], None]]] = {}  # by id; as many as there are open streams
        self._key_watchers: list[Callable[[], None]] = []
        self._subscribers: list[_Subscriber] = []
        self._cursor: tuple[UUID, int] | None = None
        self._pause = _FIRST_PAUSE
        self._last_answer = clock()
        self._is_connected = False
        self.is_known = False  # whether a snapshot was ever loaded: until then nobody may be let in
        _SILENCE.set_function(lambda: self._clock() - self._last_answer)

    def __contains__(self, credential_id: str) -> bool:
        return credential_id in self._until

    def subscribe(
        self, revoked: Callable[[str], None], lost: Callable[[], None], changed: Callable[[str], None] = _ignore
    ) -> None:
        """Have `revoked` called with the id of each session or API key that is, `changed` of each that says more now.

        `lost` is called, once or more, when it can't be known any more which are: after a feed that was away for longer
        than an access token lives, or with each snapshot, as one doesn't tell of all that was missed.
        """
        self._subscribers.append(_Subscriber(revoked, lost, changed))

    def watch_keys(self, changed: Callable[[], None]) -> None:
        """Have `changed` called when the keys that sign access tokens change, or may have."""
        self._key_watchers.append(changed)

    @contextmanager
    def watched(self, credential_id: str, on_end: Callable[[], None]) -> Iterator[None]:
        """Call `on_end`, once or more, when the session or API key is revoked; at once if it has been already.

        Where that can't be known any more, it counts as revoked.
        """
        watchers = self._watchers.setdefault(credential_id, set())
        watchers.add(on_end)
        try:
            if credential_id in self._until:
                on_end()
            yield
        finally:
            watchers.discard(on_end)
            if not watchers and self._watchers.get(credential_id) is watchers:
                del self._watchers[credential_id]

    async def follow(self) -> None:
        """Follow the feed for ever, through every outage of auth_service."""
        while True:
            try:
                await self._advance()
            except ResyncRequired:
                self._cursor = None
                await self._rest()
            except (Unavailable, msgspec.DecodeError) as exc:
                self._note_outage(exc)
                await self._rest()

    async def _advance(self) -> None:
        if self._cursor is None:
            self._apply_snapshot(msgspec.json.decode(await self._feed.get(SNAPSHOT_PATH), type=Snapshot))
        else:
            epoch, position = self._cursor
            self._apply(await self._feed.events(position, epoch), position)
            self._pause = _FIRST_PAUSE
        self._last_answer = self._clock()
        self._is_connected = True
        _CONNECTED.set(1)

    def _apply_snapshot(self, snapshot: Snapshot) -> None:
        for revocation in snapshot.revocations:
            if self.is_known and str(revocation.session_id) not in self._until:
                _LAG.observe(_age(revocation.revoked_at))  # an outage kept it from us
            self._add(str(revocation.session_id))
        self._lose_track()  # what was revoked before the snapshot's oldest may have been missed
        self._cursor = (snapshot.epoch, snapshot.position)
        self.is_known = True
        _RESYNCS.inc()
        log.info(
            "revocations_loaded",
            **{"colonnade.count": len(snapshot.revocations), "colonnade.position": snapshot.position},
        )

    def _apply(self, page: FeedPage, position: int) -> None:
        for event in page.items:
            if event.type in EVENT_TYPES:
                with errand(f"auth_service {event.type}", event.traceparent):
                    self._add(event.subject)
                    log.info("event_applied", **{"colonnade.feed": "auth_service", "colonnade.event": event.type})
                _LAG.observe(_age(event.time))
            elif event.type == RESTORED:
                self._until.pop(event.subject, None)
            elif event.type in CHANGE_TYPES:
                for subscriber in self._subscribers:
                    subscriber.changed(event.subject)
            if event.type in KEY_EVENT_TYPES:
                self._tell_of_keys()
            position = event.position
        self._cursor = (page.epoch, position)
        self._forget_old()

    def _add(self, credential_id: str) -> None:
        self._until.pop(credential_id, None)
        self._until[credential_id] = self._clock() + MAX_LIFETIME
        for subscriber in self._subscribers:
            subscriber.revoked(credential_id)
        for on_end in tuple(self._watchers.get(credential_id, ())):
            on_end()

    def _tell_of_keys(self) -> None:
        for changed in self._key_watchers:
            changed()

    def _lose_track(self) -> None:
        self._tell_of_keys()
        for subscriber in self._subscribers:
            subscriber.lost()
        for watchers in tuple(self._watchers.values()):
            for on_end in tuple(watchers):
                on_end()

    def _forget_old(self) -> None:
        now = self._clock()
        while self._until and next(iter(self._until.values())) < now:
            del self._until[next(iter(self._until))]
        _REVOKED.set(len(self._until))

    def _note_outage(self, exc: Exception) -> None:
        if self._is_connected or not self.is_known:
            log.warning("revocation_feed_lost", **{"error.message": str(exc)})
        self._is_connected = False
        _CONNECTED.set(0)
        if self._clock() - self._last_answer > MAX_LIFETIME:
            self._lose_track()

    async def _rest(self) -> None:
        """Wait before the next attempt, so that many gateways don't come back at one moment."""
        await asyncio.sleep(self._pause * random.uniform(0.5, 1))  # noqa: S311  spreads load, guards nothing
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)


def _age(time: datetime) -> float:
    """By two clocks, auth_service's database's and ours: where they disagree, no less than nothing."""
    return max(0.0, (datetime.now(UTC) - time).total_seconds())
