"""A hash of today's kind and cost replaces another one after the right password, and harms nobody by it."""

import asyncio
from collections.abc import AsyncIterator
from unittest.mock import Mock

import bcrypt
import pytest

from auth_service.hashing.pool import HashingPool
from auth_service.password_hashes import accept
from auth_service.passwords import PasswordHasher
from shared.errors import Unavailable
from tests.integration.auth_service.people import PASSWORD, STRANGER, Device, Gateway, Person
from tests.integration.auth_service.world import AuthService, is_live, running, until_blocked
from tests.stores import DatabaseUrls

FOREIGN = accept(bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode())


@pytest.fixture
async def dearer(auth_database: DatabaseUrls, gateway: Gateway) -> AsyncIterator[AuthService]:
    """A replica whose operator has raised the cost."""
    async with running(auth_database, gateway, BCRYPT_COST="5") as service:
        yield service


async def stored(service: AuthService, person: Person) -> str:
    return str(
        await service.admin.fetchval("select password_hash from auth.account where user_id = $1", person.user_id)
    )


async def make_foreign(service: AuthService, person: Person) -> None:
    await service.admin.execute(
        "update auth.account set password_hash = $1 where user_id = $2", FOREIGN, person.user_id
    )


async def test_raised_cost_takes_hold_at_the_next_login(service: AuthService, dearer: AuthService) -> None:
    person = await service.register()
    before = await stored(service, person)
    assert before.startswith("$2b$04$")
    await dearer.login(person)
    renewed = await stored(service, person)
    assert renewed.startswith("$2b$05$")
    await dearer.login(person)
    await service.login(person)
    assert await stored(service, person) == renewed


async def test_wrong_password_renews_nothing(service: AuthService, dearer: AuthService) -> None:
    person = await service.register()
    before = await stored(service, person)
    assert (await dearer.try_login(person.email, "wrong password")).status == 401
    assert await stored(service, person) == before


async def test_renewed_hash_ends_no_session_and_isnt_a_change_of_the_password(
    service: AuthService, dearer: AuthService
) -> None:
    person = await service.register()
    changed_at = "select password_changed_at from auth.account"
    before = await service.admin.fetchval(changed_at)
    await dearer.login(person)
    assert await service.admin.fetchval(changed_at) == before
    assert await is_live(service, person)


async def test_logins_at_once_all_succeed_while_the_hash_is_renewed(service: AuthService, replica: AuthService) -> None:
    """What each of them proved is the password, not the hash that it was read from."""
    person = await service.register()
    await make_foreign(service, person)
    devices = [Device(f"198.51.{number}.1") for number in range(4)]
    replies = await asyncio.gather(
        *(each.try_login(person.email, device=device) for each in (service, replica) for device in devices)
    )
    assert {reply.status for reply in replies} == {200}
    assert (await stored(service, person)).startswith("$2b$04$")
    assert await is_live(service, person)


async def test_password_that_is_changed_meanwhile_stays_changed(service: AuthService) -> None:
    """A5: the compare-and-swap loses, and so does the login by the old password."""
    person = await service.register()
    await make_foreign(service, person)
    async with service.admin.transaction():
        await service.admin.execute(
            "update auth.account set password_hash = 'changed', password_changed_at = clock_timestamp()"
        )
        login = asyncio.create_task(service.try_login(person.email))
        await until_blocked(service)
    assert (await login).code == "invalid_credentials"
    assert await stored(service, person) == "changed"


async def test_password_change_succeeds_while_the_hash_is_renewed(service: AuthService) -> None:
    person = await service.register()
    await make_foreign(service, person)
    body = {"current_password": PASSWORD, "new_password": "another good one"}
    async with service.admin.transaction():
        await service.admin.execute("update auth.account set password_hash = password_hash || ''")
        change = asyncio.create_task(service.post("/v1/auth/password", body, person=person))
        await until_blocked(service)
        await service.admin.execute("update auth.account set password_hash = 'renewed by a login'")
    assert (await change).status == 204
    assert (await service.try_login(person.email, "another good one")).status == 200


async def test_login_doesnt_wait_for_a_thread_to_renew_its_hash(
    service: AuthService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A27: where somebody would have to wait, it is left to the next login."""

    async def busy(_self: PasswordHasher, _password: str) -> None:
        return None

    person = await service.register()
    await make_foreign(service, person)
    with monkeypatch.context() as patch:
        patch.setattr(PasswordHasher, "hash_if_idle", busy)
        assert (await service.try_login(person.email)).status == 200
        assert await stored(service, person) == FOREIGN
    assert (await service.try_login(person.email, device=STRANGER)).status == 200
    assert (await stored(service, person)).startswith("$2b$04$")


async def test_login_doesnt_fail_where_the_process_that_renews_its_hash_is_lost(
    service: AuthService, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await service.register()
    await make_foreign(service, person)
    with monkeypatch.context() as patch:
        patch.setattr(HashingPool, "hash", Mock(side_effect=Unavailable("lost")))
        assert (await service.try_login(person.email)).status == 200
        assert await stored(service, person) == FOREIGN
