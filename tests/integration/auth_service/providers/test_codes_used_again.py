"""A code of an app that is used a second time: somebody may have copied it, and its verifier (RFC 6749, 4.1.2)."""

import asyncio

import pytest

from auth_service.pkce import new_verifier
from auth_service.repository.retention import PURGES
from shared.db import open_database
from shared.purge import purge
from shared.settings import DatabaseSettings, Secret
from tests.integration.auth_service.enrolling import begin_app, confirm_app, owed
from tests.integration.auth_service.factor_people import audit, code_of, finish
from tests.integration.auth_service.people import Json, Person, Reply
from tests.integration.auth_service.providers.browser import parameters
from tests.integration.auth_service.providers.conftest import Serve, declaration
from tests.integration.auth_service.providers.openid_server import OpenIdServer
from tests.integration.auth_service.providers.test_apps import VERIFIER, hand_over, redeem
from tests.integration.auth_service.providers.test_second_factors import guarded
from tests.integration.auth_service.world import AuthService, is_live, until_blocked
from tests.stores import DatabaseUrls


async def handed_over(service: AuthService) -> str:
    return parameters(await hand_over(service))["code"]


def refused(reply: Reply) -> bool:
    return (reply.status, reply.code) == (400, "invalid_sign_in_code")


async def test_second_use_ends_the_session_of_the_first(service: AuthService) -> None:
    """A16: and its owner can read why."""
    code = await handed_over(service)
    ada = Person("", (await redeem(service, code)).body)
    assert await is_live(service, ada)
    assert refused(await redeem(service, code))
    ended = await service.refresh(ada.refresh_token)
    assert (ended.status, ended.code, ended.body["reason"]) == (401, "session_revoked", "sign_in_code_reuse")
    assert [data["reason"] for _, data in await service.events("session_revoked")] == ["sign_in_code_reuse"]
    [entry] = await audit(service, "sign_in_code_reused")
    assert (entry["user_id"], entry["actor_id"], entry["session_id"]) == (ada.user_id, None, ada.session_id)


async def test_browsers_session_of_a_page_ends_too(service: AuthService) -> None:
    code = await handed_over(service)
    assert (await redeem(service, code, session="browser")).status == 200
    assert refused(await redeem(service, code))
    assert await live(service) == 0


async def test_other_sessions_of_the_person_go_on(service: AuthService) -> None:
    other = Person("", (await redeem(service, await handed_over(service))).body)
    code = await handed_over(service)
    await redeem(service, code)
    assert refused(await redeem(service, code))
    assert await is_live(service, other)
    assert await live(service) == 1


async def test_who_has_seen_the_code_alone_ends_nothing(service: AuthService) -> None:
    """A16: it goes through an address, which others may see; the verifier doesn't."""
    code = await handed_over(service)
    ada = Person("", (await redeem(service, code)).body)
    assert refused(await redeem(service, code, new_verifier()))
    assert await is_live(service, ada)
    assert refused(await redeem(service, code))
    assert not await is_live(service, ada)


async def test_third_use_tells_nothing_new(service: AuthService) -> None:
    code = await handed_over(service)
    await redeem(service, code)
    assert [refused(await redeem(service, code)) for _ in range(3)] == [True] * 3
    assert len(await audit(service, "sign_in_code_reused")) == 1


async def test_of_many_uses_at_once_no_session_is_left(service: AuthService) -> None:
    """A16: whoever was first may have been the thief."""
    code = await handed_over(service)
    replies = await asyncio.gather(*(redeem(service, code) for _ in range(20)))
    assert sum(reply.status == 200 for reply in replies) <= 1
    assert all(refused(reply) for reply in replies if reply.status != 200)
    assert await live(service) == 0


async def test_first_use_that_is_under_way_begins_nothing_any_more(service: AuthService) -> None:
    """A24: the second use comes between the first one's proof and its session."""
    await redeem(service, await handed_over(service))
    code, before = await handed_over(service), await live(service)
    async with service.admin.transaction():
        await service.admin.execute("select from auth.account for update")
        first = asyncio.ensure_future(redeem(service, code))
        await until_blocked(service)
        assert refused(await redeem(service, code))
    assert refused(await first)
    assert await live(service) == before


@pytest.mark.parametrize("when", ["before the second factor", "after it"])
async def test_sign_in_with_a_second_factor_is_ended_too(service: AuthService, when: str) -> None:
    """A16, A19: the second factor came behind the same code."""
    _, secret = await guarded(service)
    code = await handed_over(service)
    owed = await redeem(service, code)
    before = await live(service)
    if when == "before the second factor":
        assert refused(await redeem(service, code))
        done = await finish(service, owed.body["pending_sign_in"], code=code_of(secret))
        assert (done.status, done.code) == (401, "invalid_pending_sign_in")
    else:
        done = await finish(service, owed.body["pending_sign_in"], code=code_of(secret))
        assert (done.status, await live(service)) == (200, before + 1)
        assert refused(await redeem(service, code))
    assert await live(service) == before


@pytest.mark.parametrize("when", ["before the factor is added", "after it"])
async def test_sign_in_that_adds_a_factor_is_ended_too(serve: Serve, peer: OpenIdServer, when: str) -> None:
    """A16: as above, where a second factor is required and there was none."""
    async with serve(declaration(peer.issuer), AUTH_SECOND_FACTOR="required") as service:
        code = await handed_over(service)
        token = owed(await redeem(service, code))
        secret = str((await begin_app(service, token)).body["secret"])
        if when == "after it":
            assert (await confirm_app(service, token, code_of(secret))).status == 200
            assert await live(service) == 1
        assert refused(await redeem(service, code))
        if when != "after it":
            late = await confirm_app(service, token, code_of(secret))
            assert (late.status, late.code) == (401, "invalid_pending_sign_in")
        assert await live(service) == 0


async def test_code_is_known_by_its_hash_alone_for_half_an_hour(service: AuthService) -> None:
    code = await handed_over(service)
    await redeem(service, code)
    [row] = await service.admin.fetch("select s::text, expires_at - now() as life from auth.spent_sign_in_code s")
    assert code not in row["s"]
    assert VERIFIER not in row["s"]
    assert 1790 < row["life"].total_seconds() <= 1800


@pytest.mark.parametrize(("left", "kept"), [("1 minute", 1), ("-1 second", 0)])
async def test_spent_code_goes_with_its_time(
    service: AuthService, auth_database: DatabaseUrls, left: str, kept: int
) -> None:
    await redeem(service, await handed_over(service))
    await service.admin.execute(f"update auth.spent_sign_in_code set expires_at = now() + interval '{left}'")
    url = Secret(auth_database.runtime)
    async with open_database(DatabaseSettings(url, url, pool_size=2, timeout=5)) as database:
        await purge(database, PURGES)
    assert await service.admin.fetchval("select count(*) from auth.spent_sign_in_code") == kept


async def test_reason_is_in_the_list_of_sessions(service: AuthService) -> None:
    code = await handed_over(service)
    await redeem(service, code)
    await redeem(service, code)
    ada = Person("", (await redeem(service, await handed_over(service))).body)
    listed: Json = (await service.call("GET", "/v1/auth/sessions?ended=true", person=ada)).body
    assert [each["end_reason"] for each in listed["items"]] == ["sign_in_code_reuse"]


async def live(service: AuthService) -> int:
    found: int = await service.admin.fetchval("select count(*) from auth.session where revoked_at is null")
    return found
