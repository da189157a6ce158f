"""Cookies and API keys that are known: how they die, and what they outlive."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from gateway.authentication.errors import InvalidSession, InvalidToken
from gateway.authentication.tokens import MAX_LIFETIME
from shared.errors import Unavailable
from tests.unit.gateway.authentication.auth_feed import until
from tests.unit.gateway.authentication.world import WAYS, by_cookie, issue, world


@WAYS
async def test_revoked_credential_is_dead_within_a_second(kind: str) -> None:
    async with world() as it:
        credential, present = issue(it, kind)
        await present()
        credential_id = str(it.feed.withdraw(credential))
        async with asyncio.timeout(1):
            await until(lambda: credential_id in it.revocations)
        with pytest.raises((InvalidToken, InvalidSession)):
            await present()
        assert it.authenticator.recall("user", credential) is None


async def test_cookie_of_a_session_known_to_be_revoked_is_not_asked_for() -> None:
    """A page that goes on polling after its logout costs auth_service nothing for a while."""
    async with world() as it:
        cookie = it.feed.issue_cookie()
        session_id = str(it.feed.withdraw(cookie))
        await until(lambda: session_id in it.revocations)
        with pytest.raises(InvalidSession):
            await by_cookie(it, cookie)
        assert not it.feed.asked


@WAYS
async def test_revocation_is_final_however_long_ago_it_was(kind: str) -> None:
    """The memory of it ends after some minutes, and what lives longer than that must not come back to life."""
    async with world() as it:
        credential, present = issue(it, kind)
        await present()
        credential_id = str(it.feed.withdraw(credential))
        await until(lambda: credential_id in it.revocations)
        now = time.monotonic()
        it.revocations._clock = lambda: now + MAX_LIFETIME + 1
        it.revocations._forget_old()
        assert credential_id not in it.revocations
        with pytest.raises((InvalidToken, InvalidSession)):
            await present()


@WAYS
async def test_revocation_overtakes_the_answer_that_it_contradicts(kind: str) -> None:
    """auth_service said that it was good, and its end arrived before the answer did."""
    async with world() as it:
        credential, present = issue(it, kind)
        it.feed.pause.clear()
        asking = asyncio.create_task(present())
        await until(lambda: it.feed.asked)
        credential_id = str(it.feed.withdraw(credential))
        await until(lambda: credential_id in it.revocations)
        it.feed.pause.set()
        with pytest.raises((InvalidToken, InvalidSession)):
            await asking


@WAYS
async def test_lost_history_has_every_credential_checked_anew(kind: str) -> None:
    """R9 in spirit: a revocation that was missed counts as soon as it can't be known that none was."""
    async with world() as it:
        credential, present = issue(it, kind)
        await present()
        del it.feed.holders[credential]
        it.feed.restore()
        await until(lambda: it.feed.snapshots == 2)
        await until(lambda: not it.authenticator._bearers._texts and not it.authenticator._cookies._texts)
        with pytest.raises((InvalidToken, InvalidSession)):
            await present()


@WAYS
async def test_answer_from_before_a_lost_history_is_not_remembered(kind: str) -> None:
    async with world() as it:
        _, present = issue(it, kind)
        it.feed.pause.clear()
        asking = asyncio.create_task(present())
        await until(lambda: it.feed.asked)
        it.feed.restore()
        await until(lambda: it.feed.snapshots == 2)
        it.feed.pause.set()
        await asking
        await present()
        assert len(it.feed.asked) == 2


@WAYS
async def test_credential_dies_at_its_time_and_may_have_got_more(kind: str) -> None:
    """A browser's session that was used meanwhile lives on: asking again tells."""
    async with world() as it:
        soon = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
        credential, present = issue(it, kind, expires_at=soon)
        await present()
        later = time.time() + 61
        it.authenticator._clock = lambda: later
        it.feed.holders[credential]["expires_at"] = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        assert await present() is not None
        assert len(it.feed.asked) == 2
        it.authenticator._clock = lambda: later + 86_400
        del it.feed.holders[credential]
        with pytest.raises((InvalidToken, InvalidSession)):
            await present()


@WAYS
async def test_known_ones_go_on_while_auth_service_is_down_and_new_ones_wait(kind: str) -> None:
    """R4: 503 and never 401, as a client throws away what is refused."""
    async with world() as it:
        _, known = issue(it, kind)
        _, new = issue(it, kind)
        await known()
        it.feed.is_down = True
        it.feed.wake()
        assert await known() is not None
        with pytest.raises(Unavailable):
            await new()
        it.feed.is_down = False
        assert await new() is not None


async def test_step_up_overtakes_the_answer_of_before() -> None:
    """auth_service said less, and the event that more was proved arrived before the answer did."""
    async with world() as it:
        cookie = it.feed.issue_cookie(acr="aal1")
        it.feed.pause.clear()
        asking = asyncio.create_task(by_cookie(it, cookie))
        await until(lambda: it.feed.asked)
        it.feed.step_up(cookie)
        await until(lambda: it.revocations._cursor == (it.feed.epoch, 1))
        it.feed.pause.set()
        await asking
        principal = await by_cookie(it, cookie)
        assert principal is not None
        assert principal.acr == "aal2"
        assert principal.credential_id not in it.revocations


async def test_step_up_ends_no_stream() -> None:
    """What watches a session hears of its end alone."""
    async with world() as it:
        cookie = it.feed.issue_cookie(acr="aal1")
        principal = await by_cookie(it, cookie)
        assert principal is not None
        ended: list[str] = []
        with it.revocations.watched(principal.credential_id, lambda: ended.append("ended")):
            it.feed.step_up(cookie)
            await until(lambda: it.revocations._cursor == (it.feed.epoch, 1))
        assert not ended
