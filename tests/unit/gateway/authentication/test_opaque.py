"""Cookies and API keys: whom they stand for, and what it costs to find out."""

import asyncio
from uuid import uuid4

import pytest

from gateway.authentication import opaque as module
from gateway.authentication.errors import InsufficientScope, InvalidSession, InvalidToken
from gateway.authentication.principal import Credential
from shared.credentials import new_api_key, new_session_cookie
from shared.errors import SessionRequired, Unavailable
from tests.unit.gateway.authentication.auth_feed import until
from tests.unit.gateway.authentication.world import WAYS, by_cookie, by_key, issue, world


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
        assert it.authenticator.recall("session", key) is None
        assert it.authenticator.recall("scope:anything", key) is not None


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
        assert it.authenticator.recall("user", cookie) is None
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
        assert it.authenticator.recall("user", key) is not None
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
