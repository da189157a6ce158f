"""Cookies and API keys: asked for once, cached until they are revoked by push."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from gateway.authentication import opaque as module
from gateway.authentication.errors import InsufficientScope, InvalidSession, InvalidToken
from gateway.authentication.principal import Credential, Principal
from gateway.authentication.tokens import MAX_LIFETIME
from shared.credentials import new_api_key, new_session_cookie
from shared.errors import SessionRequired, Unavailable
from tests.unit.gateway.authentication.auth_feed import until
from tests.unit.gateway.authentication.world import World, world


async def by_key(it: World, key: str, policy: str = "user") -> Principal | None:
    return await it.authenticator.authenticate(policy, [f"Bearer {key}"])


async def by_cookie(it: World, cookie: str, policy: str = "user") -> Principal | None:
    return await it.authenticator.authenticate(policy, [], lambda: cookie)


Present = Callable[[], Coroutine[Any, Any, Principal | None]]
WAYS = pytest.mark.parametrize("kind", ["key", "cookie"])


def issue(it: World, kind: str, **holder: object) -> tuple[str, Present]:
    """Return a new credential and what presents it."""
    if kind == "key":
        key = it.feed.issue_key("full", **holder)
        return key, lambda: by_key(it, key)
    cookie = it.feed.issue_cookie(**holder)
    return cookie, lambda: by_cookie(it, cookie)


async def test_key_stands_for_its_owner_with_its_scopes_alone() -> None:
    async with world() as it:
        key = it.feed.issue_key("files:read")
        principal = await by_key(it, key, "scope:files:read")
        assert principal is not None
        holder = it.feed.holders[key]
        assert (principal.user_id, principal.api_key_id) == (holder["user_id"], holder["credential_id"])
        assert (principal.session_id, principal.scopes, principal.kind) == ("", ("files:read",), Credential.API_KEY)
        with pytest.raises(InsufficientScope):
            await by_key(it, key, "scope:files:write")


async def test_key_is_no_session() -> None:
    """A key can neither make keys nor end sessions, whatever its scopes; and it is no bad credential either."""
    async with world() as it:
        key = it.feed.issue_key("full")
        for _ in range(2):
            with pytest.raises(SessionRequired):
                await by_key(it, key, "session")
        assert it.authenticator.recall("session", f"Bearer {key}") is None
        assert it.authenticator.recall("scope:anything", f"Bearer {key}") is not None


async def test_cookie_stands_for_a_session_that_may_do_everything() -> None:
    async with world() as it:
        cookie = it.feed.issue_cookie()
        for policy in ("user", "optional", "session", "scope:files:write"):
            principal = await by_cookie(it, cookie, policy)
            assert principal is not None
            assert (principal.session_id, principal.api_key_id) == (it.feed.holders[cookie]["credential_id"], "")
            assert principal.amr == ("pwd",)
        assert len(it.feed.asked) == 1


async def test_cookie_is_no_bearer_token_and_no_key_is_a_cookie() -> None:
    async with world() as it:
        cookie, key = it.feed.issue_cookie(), it.feed.issue_key("full")
        await by_cookie(it, cookie)
        await by_key(it, key)
        assert it.authenticator.recall("user", f"Bearer {cookie}") is None
        with pytest.raises(InvalidToken):
            await by_key(it, cookie)
        with pytest.raises(InvalidSession):
            await by_cookie(it, key)


async def test_authorization_decides_alone_where_it_is_given() -> None:
    """Also where it is bad: nobody falls back on what a browser adds unasked."""
    async with world() as it:
        cookie, key = it.feed.issue_cookie(), it.feed.issue_key("full")
        principal = await it.authenticator.authenticate("user", [f"Bearer {key}"], lambda: cookie)
        assert principal is not None
        assert principal.kind is Credential.API_KEY
        with pytest.raises(InvalidToken):
            await it.authenticator.authenticate("optional", ["Bearer rubbish"], lambda: cookie)
        assert await it.authenticator.authenticate("public", [], lambda: cookie) is None


@pytest.mark.parametrize("policy", ["optional", "user", "session"])
async def test_malformed_credentials_are_refused_without_a_question(policy: str) -> None:
    """G9: and never forwarded as anonymous. A typo costs auth_service nothing."""
    async with world() as it:
        good = new_api_key()
        for key in ("colk_", good[:-1], good + "0", good[:-1] + ("0" if good[-1] != "0" else "1"), "colk_" + "é" * 49):
            with pytest.raises(InvalidToken):
                await by_key(it, key, policy)
        cookie = new_session_cookie(uuid4())
        for text in ("", "x", cookie[:-1], cookie.upper(), f'"{cookie}"', "ffff_" + cookie):
            with pytest.raises(InvalidSession):
                await by_cookie(it, text, policy)
        assert not it.feed.asked


async def test_unknown_credentials_are_refused_and_asked_for_again() -> None:
    """No negative caching: a key that is committed a moment later is good at once."""
    async with world() as it:
        key = new_api_key()
        for _ in range(2):
            with pytest.raises(InvalidToken):
                await by_key(it, key, "optional")
        it.feed.holders[key] = it.feed.holders[it.feed.issue_key("full")]
        assert await by_key(it, key) is not None
        with pytest.raises(InvalidSession):
            await by_cookie(it, new_session_cookie(uuid4()), "optional")


@WAYS
async def test_many_waiters_cost_one_question(kind: str) -> None:
    async with world() as it:
        _, present = issue(it, kind)
        it.feed.pause.clear()
        tasks = [asyncio.create_task(present()) for _ in range(50)]
        await until(lambda: it.feed.asked)
        tasks[0].cancel()  # the one who asked first leaves, and spoils it for nobody
        it.feed.pause.set()
        principals = await asyncio.gather(*tasks[1:])
        assert len(it.feed.asked) == 1
        assert len({id(principal) for principal in principals}) == 1
        assert tasks[0].cancelled()


async def test_flood_of_invented_keys_is_shed_and_cached_ones_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 40)
    async with world() as it:
        known = it.feed.issue_key("full")
        await by_key(it, known)
        it.feed.pause.clear()
        flood = [asyncio.create_task(by_key(it, new_api_key())) for _ in range(100)]
        await until(lambda: sum(task.done() for task in flood) == 60)
        await until(lambda: len(it.feed.asked) == 1 + module.AT_ONCE)
        assert await by_key(it, known) is not None
        await it.uses.report()  # by the same way, and later: what wasn't held back would have come in by now
        assert len(it.feed.asked) == 1 + module.AT_ONCE
        it.feed.pause.set()
        outcomes = [type(each) for each in await asyncio.gather(*flood, return_exceptions=True)]
        assert (outcomes.count(Unavailable), outcomes.count(InvalidToken)) == (60, 40)


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
        assert it.authenticator.recall("user", f"Bearer {credential}") is None


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


async def test_silent_auth_service_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    async with world() as it:
        it.feed.pause.clear()
        with pytest.raises(Unavailable):
            await by_key(it, it.feed.issue_key("full"))


async def test_every_use_is_reported_once_whether_it_was_known_or_not() -> None:
    async with world() as it:
        key, cookie = it.feed.issue_key("full"), it.feed.issue_cookie()
        for _ in range(3):
            await by_key(it, key)
            await by_cookie(it, cookie)
        await it.uses.report()
        key_id, session_id = (str(it.feed.holders[each]["credential_id"]) for each in (key, cookie))
        assert it.feed.used == [{"browser_sessions": [session_id], "api_keys": [key_id]}]
        await it.uses.report()
        assert it.authenticator.recall("user", f"Bearer {key}") is not None
        await it.uses.report()
        assert it.feed.used[1:] == [{"browser_sessions": [], "api_keys": [key_id]}]


async def test_uses_that_could_not_be_reported_are_kept() -> None:
    async with world() as it:
        await by_key(it, it.feed.issue_key("full"))
        it.feed.is_down = True
        with pytest.raises(Unavailable):
            await it.uses.report()
        it.feed.is_down = False
        await it.uses.report()
        assert len(it.feed.used) == 1
