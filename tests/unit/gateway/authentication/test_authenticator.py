import asyncio
import json
import time
from typing import Any
from uuid import UUID

import pytest

from gateway.authentication import verified as module
from gateway.authentication.errors import InsufficientScope, InvalidToken
from shared.errors import Unauthenticated, Unavailable
from shared.lifecycle import background
from tests.unit.gateway.authentication.auth_feed import until
from tests.unit.gateway.authentication.issuing import Issuer
from tests.unit.gateway.authentication.world import world


def bearer(token: str) -> list[str]:
    return [f"Bearer {token}"]


async def test_public_routes_ignore_credentials_good_and_bad() -> None:
    async with world() as it:
        for headers in ([], bearer("rubbish"), bearer(it.issuer.token()), ["a", "b"]):
            assert await it.authenticator.authenticate("public", headers) is None


async def test_optional_routes_take_good_ones_and_none_but_never_bad_ones() -> None:
    """G9: a bad token is never forwarded as anonymous."""
    async with world() as it:
        assert await it.authenticator.authenticate("optional", []) is None
        principal = await it.authenticator.authenticate("optional", bearer(it.issuer.token()))
        assert principal is not None
        with pytest.raises(InvalidToken) as caught:
            await it.authenticator.authenticate("optional", bearer("rubbish"))
        assert caught.value.headers == {"WWW-Authenticate": 'Bearer error="invalid_token"'}


async def test_user_routes_ask_for_a_token_without_calling_a_missing_one_bad() -> None:
    async with world() as it:
        with pytest.raises(Unauthenticated) as caught:
            await it.authenticator.authenticate("user", [])
        assert caught.value.headers == {"WWW-Authenticate": "Bearer"}


@pytest.mark.parametrize("policy", ["scope:files", "role:admin"])
async def test_routes_for_a_grant_take_who_has_it(policy: str) -> None:
    async with world() as it:
        token = it.issuer.token(scope="profile files", roles=["staff", "admin"])
        principal = await it.authenticator.authenticate(policy, bearer(token))
        assert principal is not None
        assert principal.user_id == it.issuer.user_id


@pytest.mark.parametrize(
    ("policy", "claims", "challenge"),
    [
        ("scope:files", {"scope": "profile"}, 'Bearer error="insufficient_scope", scope="files"'),
        ("scope:files", {"scope": "files:read xfiles"}, 'Bearer error="insufficient_scope", scope="files"'),
        ("scope:admin", {"roles": ["admin"]}, 'Bearer error="insufficient_scope", scope="admin"'),
        ("role:admin", {}, 'Bearer error="insufficient_scope"'),
        ("role:admin", {"scope": "admin role:admin"}, 'Bearer error="insufficient_scope"'),
        ("role:admin", {"roles": ["Admin", "administrator"]}, 'Bearer error="insufficient_scope"'),
    ],
)
async def test_routes_for_a_grant_refuse_who_lacks_it(policy: str, claims: dict[str, Any], challenge: str) -> None:
    """RFC 6750: 403 insufficient_scope, on the first use of a token and on every later one."""
    async with world() as it:
        token = it.issuer.token(**claims)
        for _ in range(2):
            with pytest.raises(InsufficientScope) as caught:
                await it.authenticator.authenticate(policy, bearer(token))
            assert caught.value.headers == {"WWW-Authenticate": challenge}
        assert await it.authenticator.authenticate("user", bearer(token)) is not None


async def test_routes_for_a_grant_ask_for_a_token_and_refuse_a_bad_one() -> None:
    async with world() as it:
        with pytest.raises(Unauthenticated):
            await it.authenticator.authenticate("role:admin", [])
        with pytest.raises(InvalidToken):
            await it.authenticator.authenticate("scope:files", bearer("rubbish"))


async def test_credentials_are_unavailable_until_revocations_are_known() -> None:
    async with world(ready=False) as it:
        with pytest.raises(Unavailable):
            await it.authenticator.authenticate("user", bearer(it.issuer.token()))
        assert await it.authenticator.authenticate("public", []) is None


async def test_token_is_verified_once_and_looked_up_after() -> None:
    async with world() as it:
        token = it.issuer.token()
        first = await it.authenticator.authenticate("user", bearer(token))
        assert await it.authenticator.authenticate("user", bearer(token)) is first


async def test_recall_knows_what_was_verified_before_and_nothing_else() -> None:
    async with world() as it:
        token = it.issuer.token()
        assert it.authenticator.recall("user", token) is None
        principal = await it.authenticator.authenticate("user", bearer(token))
        for policy in ("user", "optional", "scope:files"):
            assert it.authenticator.recall(policy, token) is principal
        for policy in ("public", "scope:admin", "role:files"):
            assert it.authenticator.recall(policy, token) is None
        for text in (f" {token}", f"{token} ", f"Bearer {token}", token[:-1], ""):
            assert it.authenticator.recall("user", text) is None


async def test_recall_forgets_with_time_session_and_key() -> None:
    async with world() as it:
        token, now = it.issuer.token(), time.time()
        await it.authenticator.authenticate("user", bearer(token))
        it.authenticator._clock = lambda: now + 601
        assert it.authenticator.recall("user", token) is None
        it.authenticator._clock = time.time
        assert it.authenticator.recall("user", token) is not None
        it.jwks = Issuer().jwks()
        await it.keys.refresh()
        assert it.authenticator.recall("user", token) is None
        it.jwks = it.issuer.jwks()
        await it.keys.refresh()
        assert it.authenticator.recall("user", token) is not None
        it.feed.revoke(UUID(it.issuer.session_id))
        await until(lambda: it.issuer.session_id in it.revocations)
        assert it.authenticator.recall("user", token) is None


async def test_cached_token_dies_with_its_session() -> None:
    """A6: a revoked access token."""
    async with world() as it:
        token = it.issuer.token()
        await it.authenticator.authenticate("user", bearer(token))
        it.feed.revoke(UUID(it.issuer.session_id))
        await until(lambda: it.issuer.session_id in it.revocations)
        for again in (token, it.issuer.token()):
            with pytest.raises(InvalidToken):
                await it.authenticator.authenticate("user", bearer(again))


async def test_cached_token_dies_at_its_time() -> None:
    async with world() as it:
        token = it.issuer.token()
        await it.authenticator.authenticate("user", bearer(token))
        it.authenticator._clock = lambda: time.time() + 601
        with pytest.raises(InvalidToken):
            await it.authenticator.authenticate("user", bearer(token))


async def test_cached_token_dies_with_its_key() -> None:
    async with world() as it:
        token = it.issuer.token()
        await it.authenticator.authenticate("user", bearer(token))
        it.jwks = Issuer().jwks()
        await it.keys.refresh()
        with pytest.raises(InvalidToken):
            await it.authenticator.authenticate("user", bearer(token))


async def test_tokens_verify_on_while_auth_service_is_down() -> None:
    """R4: tokens seen before, and new ones of known keys."""
    async with world() as it:
        seen = it.issuer.token()
        await it.authenticator.authenticate("user", bearer(seen))
        it.feed.is_down, it.jwks = True, None
        it.feed.wake()
        for token in (seen, it.issuer.token()):
            assert await it.authenticator.authenticate("user", bearer(token)) is not None


async def test_refused_token_is_not_remembered() -> None:
    """A key that is published later makes a token good that was refused before."""
    async with world() as it:
        other = Issuer()
        it.keys._next_search = 0.0
        with pytest.raises(InvalidToken):
            await it.authenticator.authenticate("user", bearer(other.token()))
        it.jwks = json.dumps({"keys": [it.issuer.jwk, other.jwk]}).encode()
        await it.keys.refresh()
        assert await it.authenticator.authenticate("user", bearer(other.token())) is not None


async def test_cache_is_bounded_and_drops_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHE_SIZE", 2)
    async with world() as it:
        tokens = [it.issuer.token() for _ in range(3)]
        for token in tokens:
            await it.authenticator.authenticate("user", bearer(token))
        assert list(it.authenticator._verified) == tokens[1:]


async def test_cache_forgets_what_has_expired() -> None:
    """Otherwise a busy hour's tokens would be kept for as long as the process lives."""
    async with world() as it:
        for _ in range(3):
            await it.authenticator.authenticate("user", bearer(it.issuer.token()))
        now = int(time.time())
        it.authenticator._clock = lambda: now + 630
        last = it.issuer.token(iat=now, exp=now + 650)
        await it.authenticator.authenticate("user", bearer(last))
        assert list(it.authenticator._verified) == [last]


async def test_token_of_a_withdrawn_key_dies_with_the_event_and_not_only_with_the_key_set() -> None:
    """A25: a stolen key. The key set is cached here and there; the event isn't."""
    async with world() as it:
        token = it.issuer.token()
        await it.authenticator.authenticate("user", bearer(token))
        it.feed.revoke(it.issuer.jwk["kid"], event_type="signing_key_withdrawn")
        await until(lambda: it.authenticator.recall("user", token) is None)
        assert it.issuer.jwk["kid"] in it.keys
        for again in (token, it.issuer.token()):
            with pytest.raises(InvalidToken):
                await it.authenticator.authenticate("user", bearer(again))


@pytest.mark.parametrize("event", ["signing_key_published", "signing_key_withdrawn"])
async def test_change_of_keys_is_looked_for_as_soon_as_it_is_told(event: str) -> None:
    """A25: a gateway that read the keys a moment ago knows a new one before its first token comes."""
    async with world() as it:
        it.revocations.watch_keys(it.keys.hurry)
        async with background("keys", it.keys.follow):
            other = Issuer()
            it.jwks = other.jwks()
            it.feed.revoke("a-key", event_type=event)
            await until(lambda: other.jwk["kid"] in it.keys)


async def test_change_of_keys_that_a_replica_publishes_late_is_found_all_the_same() -> None:
    async with world() as it:
        it.revocations.watch_keys(it.keys.hurry)
        async with background("keys", it.keys.follow):
            await asyncio.sleep(0)
            it.feed.revoke("a-key", event_type="signing_key_published")
            await until(lambda: "a-key" not in it.revocations and it.keys._hasty_until)
            other = Issuer()
            it.jwks = other.jwks()
            await until(lambda: other.jwk["kid"] in it.keys)


async def test_lost_feed_has_the_keys_looked_for() -> None:
    """A change may have been told meanwhile."""
    async with world() as it:
        it.revocations.watch_keys(it.keys.hurry)
        async with background("keys", it.keys.follow):
            other = Issuer()
            it.jwks = other.jwks()
            it.feed.restore()
            await until(lambda: other.jwk["kid"] in it.keys)
