import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from time import monotonic
from uuid import uuid4

from prometheus_client import REGISTRY

from gateway.authentication.revocation import Revocations
from gateway.authentication.tokens import MAX_LIFETIME
from shared.lifecycle import background
from tests.unit.gateway.authentication.auth_feed import AuthFeed, auth_feed, until


@asynccontextmanager
async def following(
    clock: Callable[[], float] = monotonic, *, down: bool = False
) -> AsyncIterator[tuple[AuthFeed, Revocations]]:
    async with auth_feed() as (feed, client):
        feed.is_down = down
        revocations = Revocations(client, clock)
        async with background("revocations", revocations.follow):
            if not down:
                await until(lambda: revocations.is_known)
            yield feed, revocations


def metric(name: str) -> float:
    value = REGISTRY.get_sample_value(name)
    assert value is not None
    return value


async def test_revoked_session_is_known_within_a_second() -> None:
    """A5, A6: no access token works a second after its session's end was acknowledged."""
    async with following() as (feed, revocations):
        session_id = uuid4()
        feed.revoke(session_id)
        async with asyncio.timeout(1):
            await until(lambda: str(session_id) in revocations)
        assert metric("gateway_revocation_feed_connected") == 1
        assert metric("gateway_revocation_feed_silence_seconds") < 1


async def test_restored_key_is_revoked_no_more() -> None:
    """Its owner's ban was lifted, a moment after it had been made."""
    async with following() as (feed, revocations):
        key_id, other = uuid4(), uuid4()
        for each in (key_id, other):
            feed.revoke(each, event_type="api_key_revoked")
        await until(lambda: str(other) in revocations)
        feed.revoke(key_id, event_type="api_key_restored")
        await until(lambda: str(key_id) not in revocations)
        assert str(other) in revocations
        feed.revoke(uuid4(), event_type="api_key_restored")
        feed.revoke(key_id, event_type="api_key_revoked")
        await until(lambda: str(key_id) in revocations)


async def test_lag_is_what_was_measured_and_each_revocation_counts_once() -> None:
    """From the event's own time to when it is applied; what a snapshot tells again isn't measured again."""
    async with following() as (feed, revocations):
        counted, seconds = (metric(f"gateway_revocation_lag_seconds_{each}") for each in ("count", "sum"))
        on_time, late, missed = uuid4(), uuid4(), uuid4()
        feed.revoke(on_time)
        await until(lambda: str(on_time) in revocations)
        assert metric("gateway_revocation_lag_seconds_count") == counted + 1
        assert metric("gateway_revocation_lag_seconds_sum") - seconds < 1
        feed.revoke(late, event_type="api_key_revoked", age=20)
        await until(lambda: str(late) in revocations)
        assert 20 <= metric("gateway_revocation_lag_seconds_sum") - seconds < 22
        feed.revoked += [on_time, missed]
        feed.restore()
        await until(lambda: str(missed) in revocations)
        assert metric("gateway_revocation_lag_seconds_count") == counted + 3


async def test_what_was_revoked_before_we_began_says_nothing_of_the_lag() -> None:
    before = metric("gateway_revocation_lag_seconds_count")
    async with following(down=True) as (feed, revocations):
        feed.revoked.append(uuid4())
        feed.is_down = False
        await until(lambda: revocations.is_known)
        assert metric("gateway_revocation_lag_seconds_count") == before


async def test_nothing_is_known_before_the_snapshot() -> None:
    async with following(down=True) as (feed, revocations):
        early = uuid4()
        feed.revoked.append(early)
        assert not revocations.is_known
        feed.is_down = False
        await until(lambda: revocations.is_known)
        assert str(early) in revocations


async def test_other_events_revoke_nothing() -> None:
    async with following() as (feed, revocations):
        other, session_id = uuid4(), uuid4()
        feed.revoke(other, event_type="user_registered")
        feed.revoke(session_id)
        await until(lambda: str(session_id) in revocations)
        assert str(other) not in revocations


async def test_outage_loses_no_revocation_and_shows_as_silence() -> None:
    async with following() as (feed, revocations):
        feed.is_down = True
        feed.wake()
        await until(lambda: metric("gateway_revocation_feed_connected") == 0)
        before = metric("gateway_revocation_feed_silence_seconds")
        await until(lambda: metric("gateway_revocation_feed_silence_seconds") > before)
        session_id = uuid4()
        feed.revoke(session_id)
        feed.is_down = False
        await until(lambda: str(session_id) in revocations)
        assert feed.snapshots == 1
        assert revocations.is_known


async def test_restored_auth_service_makes_a_resync_that_revives_nobody() -> None:
    """R9 in spirit: what was revoked stays so, whatever the other side has forgotten."""
    async with following() as (feed, revocations):
        before, after = uuid4(), uuid4()
        feed.revoke(before)
        await until(lambda: str(before) in revocations)
        feed.revoked.append(after)
        feed.restore()
        await until(lambda: str(after) in revocations)
        assert str(before) in revocations
        assert feed.snapshots == 2


async def test_revocation_is_forgotten_when_no_token_can_have_outlived_it() -> None:
    now = 1000.0
    async with following(lambda: now) as (feed, revocations):
        old, new = uuid4(), uuid4()
        feed.revoke(old)
        await until(lambda: str(old) in revocations)
        now += MAX_LIFETIME + 1
        feed.revoke(new)
        await until(lambda: str(new) in revocations)
        assert str(old) not in revocations


async def test_watcher_is_told_of_its_session_alone() -> None:
    """A5: once, and never again after it has stopped watching; nothing of it is kept."""
    async with following() as (feed, revocations):
        mine, other = uuid4(), uuid4()
        told: list[str] = []
        with revocations.watched(str(mine), partial(told.append, "mine")):
            feed.revoke(other)
            await until(lambda: str(other) in revocations)
            assert not told
            feed.revoke(mine)
            await until(lambda: str(mine) in revocations)
            assert told == ["mine"]
        with revocations.watched(str(mine), partial(told.append, "late")):
            assert told == ["mine", "late"]
        assert not revocations._watchers


async def test_lost_history_ends_every_watched_session() -> None:
    """R9 in spirit: what might have been revoked unseen counts as revoked."""
    async with following() as (feed, revocations):
        ended = asyncio.Event()
        with revocations.watched(str(uuid4()), ended.set):
            feed.restore()
            async with asyncio.timeout(5):
                await ended.wait()


async def test_feed_away_for_longer_than_a_token_lives_ends_every_watched_session() -> None:
    now = 1000.0
    async with following(lambda: now) as (feed, revocations):
        ended = asyncio.Event()
        with revocations.watched(str(uuid4()), ended.set):
            feed.is_down = True
            feed.wake()
            await until(lambda: metric("gateway_revocation_feed_connected") == 0)
            assert not ended.is_set()
            now += MAX_LIFETIME + 1
            async with asyncio.timeout(5):
                await ended.wait()
