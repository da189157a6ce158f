import asyncio
from collections import Counter

import pytest

from auth_service.refresh_tokens import RefreshTokens
from auth_service.service.tokens import TokenIssuer
from shared.errors import Unavailable
from shared.settings import Secret
from tests.integration.auth_service.people import Device, Reply, claims_of
from tests.integration.auth_service.world import AuthService, rotation_of


def assert_reused(reply: Reply) -> None:
    assert (reply.status, reply.code) == (401, "session_revoked")
    assert reply.body["detail"] == "An old refresh token was used again, so somebody may have copied it."
    assert reply.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_refresh_hands_out_the_next_generation(service: AuthService) -> None:
    person = await service.register()
    reply = await service.refresh(person.refresh_token)
    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.body["user_id"] == person.tokens["user_id"]
    assert reply.body["refresh_token"] != person.refresh_token
    claims = claims_of(reply.body)
    assert (claims["sid"], claims["gen"]) == (str(person.session_id), 2)
    assert (await service.refresh(reply.body["refresh_token"])).status == 200
    assert (await rotation_of(service, person))[0] == 3


async def test_fifty_parallel_refreshes_get_one_successor(service: AuthService, replica: AuthService) -> None:
    """A1: 50 parallel refreshes of one token, over two replicas: one rotation, and all get its token."""
    person = await service.register()
    calls = [each.refresh(person.refresh_token) for each in (service, replica) for _ in range(25)]
    replies = await asyncio.gather(*calls)
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body["refresh_token"] for reply in replies}) == 1
    assert len({reply.body["access_token"] for reply in replies}) == 50
    assert await rotation_of(service, person) == (2, 0, None)


async def test_lost_answer_can_be_asked_for_again_a_month_long(service: AuthService) -> None:
    """A4: the successor is unconfirmed, so its parent is answered with it, however late."""
    person = await service.register()
    lost = await service.refresh(person.refresh_token)
    await service.let_time_pass(person.session_id, "29 days")
    found = await service.refresh(person.refresh_token)
    assert found.status == 200
    assert found.body["refresh_token"] == lost.body["refresh_token"]
    assert found.body["access_token"] != lost.body["access_token"]


async def test_crash_between_commit_and_reply_loses_no_session(
    service: AuthService, replica: AuthService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A4: the first process fails after its commit; the retry, at another, gets the successor that was committed."""
    person = await service.register()

    async def fail(*_arguments: object) -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(TokenIssuer, "issue", fail)
        assert (await service.refresh(person.refresh_token)).status == 503
    assert await rotation_of(service, person) == (2, 0, None)
    retried = await replica.refresh(person.refresh_token)
    assert retried.status == 200
    assert claims_of(retried.body)["gen"] == 2
    assert (await replica.refresh(retried.body["refresh_token"])).status == 200


async def test_slow_tab_gets_the_successor_within_the_grace(service: AuthService) -> None:
    person = await service.register()
    fast = await service.refresh(person.refresh_token)
    await service.confirm(fast.body)
    assert await rotation_of(service, person) == (2, 2, None)
    slow = await service.refresh(person.refresh_token)
    assert slow.body["refresh_token"] == fast.body["refresh_token"]


async def test_parent_after_confirmation_and_grace_is_reuse(service: AuthService) -> None:
    """A2, A3: the session is revoked, and stays so although the request failed; the owner is told why."""
    person = await service.register()
    owner = await service.refresh(person.refresh_token)
    await service.confirm(owner.body)
    await service.let_time_pass(person.session_id, "30 seconds")
    assert_reused(await service.refresh(person.refresh_token))
    assert await rotation_of(service, person) == (2, 2, "refresh_token_reuse")
    assert_reused(await service.refresh(owner.body["refresh_token"]))
    told = {"user_id": person.tokens["user_id"], "reason": "refresh_token_reuse"}
    assert await service.events("session_revoked") == [(str(person.session_id), told)]


async def test_older_than_the_parent_is_reuse_at_any_time(service: AuthService) -> None:
    """A2: two rotations in a moment, nothing confirmed: the first token is reuse all the same."""
    person = await service.register()
    second = await service.refresh(person.refresh_token)
    await service.refresh(second.body["refresh_token"])
    assert_reused(await service.refresh(person.refresh_token))


async def test_reuse_in_parallel_ends_the_session_once(service: AuthService, replica: AuthService) -> None:
    """A3: twenty old tokens at once make one revocation and one event."""
    person = await service.register()
    second = await service.refresh(person.refresh_token)
    await service.refresh(second.body["refresh_token"])
    calls = [each.refresh(person.refresh_token) for each in (service, replica) for _ in range(10)]
    for reply in await asyncio.gather(*calls):
        assert_reused(reply)
    assert len(await service.events("session_revoked")) == 1


async def test_forged_tokens_end_nobodys_session(service: AuthService) -> None:
    """A2: one character changed, or another key, and it is no token of ours."""
    person = await service.register()
    other = RefreshTokens(Secret("another key " * 4))
    real = person.refresh_token
    forged = [other.encode(other.first(person.session_id)), real[:-1] + ("A" if real[-1] != "A" else "B"), "", "x" * 92]
    for text in forged:
        reply = await service.refresh(text)
        assert (reply.status, reply.code) == (401, "invalid_refresh_token")
    assert (await service.refresh(real)).status == 200


@pytest.mark.parametrize(
    "body",
    [{}, {"refresh_token": 1}, {"refresh_token": "x", "scope": "all"}, {"refresh_token": "a\0b"}, []],
)
async def test_malformed_refresh_is_told_so(service: AuthService, body: object) -> None:
    """A21, A22: unknown fields and wrong types."""
    reply = await service.post("/v1/auth/refresh", body)
    assert (reply.status, reply.code) == (400, "malformed_body")


async def test_session_expires_after_30_idle_days(service: AuthService) -> None:
    person = await service.register()
    await service.let_time_pass(person.session_id, "30 days")
    reply = await service.refresh(person.refresh_token)
    assert (reply.status, reply.code) == (401, "session_expired")


async def test_session_expires_after_90_days_whatever_happens(service: AuthService) -> None:
    person = await service.register()
    token = person.refresh_token
    for _ in range(3):
        await service.let_time_pass(person.session_id, "29 days")
        token = (await service.refresh(token)).body["refresh_token"]
    await service.let_time_pass(person.session_id, "3 days")
    assert (await service.refresh(token)).code == "session_expired"


async def test_session_is_refreshed_sixty_times_in_ten_minutes_at_most(service: AuthService) -> None:
    """Also when they come at once: the gateway can't tell whose refresh it is, so the count is kept here."""
    person = await service.register()
    replies = await asyncio.gather(*(service.refresh(person.refresh_token) for _ in range(70)))
    assert Counter(reply.status for reply in replies) == {200: 60, 429: 10}
    refused = next(reply for reply in replies if reply.status == 429)
    assert refused.code == "too_many_refreshes"
    assert 590 <= int(refused.headers["Retry-After"]) <= 600
    await service.let_time_pass(person.session_id, "10 minutes")
    assert (await service.refresh(person.refresh_token)).status == 200


async def test_refresh_notes_device_and_time(service: AuthService) -> None:
    person = await service.register()
    await service.let_time_pass(person.session_id, "1 hour")
    body = {"refresh_token": person.refresh_token}
    await service.call("POST", "/v1/auth/refresh", body, device=Device("2001:db8::1", "Firefox, newer"))
    row = await service.admin.fetchrow(
        "select user_agent, address_prefix, last_used_at > now() - interval '1 minute' from auth.session"
    )
    assert row is not None
    assert tuple(row) == ("Firefox, newer", "2001:db8::/64", True)
