"""What somebody is doing while its owner, or another administrator, shuts them out: it isn't finished then."""

import asyncio

import pytest

from auth_service.passwords import PasswordHasher
from auth_service.service.password_guard import PasswordGuard
from tests.integration.auth_service.factor_people import code_of, finish, pending, two_factored
from tests.integration.auth_service.mailing import Mailing
from tests.integration.auth_service.people import PASSWORD, Person, Reply
from tests.integration.auth_service.test_email_change import OLD
from tests.integration.auth_service.test_pending_changes import shut_out
from tests.integration.auth_service.world import AuthService, is_live
from tests.integration.gates import Gate

NEW_PASSWORD = "the password of a thief"
CHANGE = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}


async def signed_out(service: AuthService, owner: Person) -> None:
    assert (await service.post("/v1/auth/logout", {"scope": "others"}, person=owner)).status == 204


def assert_over(reply: Reply) -> None:
    assert (reply.status, reply.code) == (401, "unauthenticated"), reply


async def both(service: AuthService) -> tuple[Person, Person]:
    """Return the owner's session and a thief's, both proved by two factors."""
    somebody = await two_factored(service)
    token = await pending(service, somebody.person)
    owner = Person(somebody.person.email, (await finish(service, token, code=code_of(somebody.secret))).body)
    return owner, somebody.person


@pytest.mark.parametrize("how", ["others", "list", "administrator, all"])
async def test_first_password_is_none_of_a_thief_who_is_shut_out_meanwhile(
    post: Mailing, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    owner = await post.service.register(OLD)
    thief = await post.service.login(owner)
    await post.service.admin.execute("update auth.account set password_hash = null")
    gate = Gate(monkeypatch, PasswordHasher, "hash", after=True)
    change = asyncio.create_task(post.service.post("/v1/auth/password", {"new_password": NEW_PASSWORD}, person=thief))
    await gate.reached()
    await shut_out(post, owner, thief, how)
    gate.open()
    assert_over(await change)
    assert (await post.service.try_login(OLD, NEW_PASSWORD)).status == 401
    assert await is_live(post.service, owner) == (how != "administrator, all")


async def test_password_is_not_changed_by_whoever_is_shut_out_meanwhile(
    service: AuthService, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, thief = await both(service)
    gate = Gate(monkeypatch, PasswordHasher, "hash", after=True)
    change = asyncio.create_task(service.post("/v1/auth/password", CHANGE, person=thief))
    await gate.reached()
    await signed_out(service, owner)
    gate.open()
    assert_over(await change)
    assert (await service.try_login(owner.email, NEW_PASSWORD)).status == 401
    assert await is_live(service, owner)


async def test_account_is_not_deleted_by_whoever_is_shut_out_meanwhile(
    service: AuthService, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, thief = await both(service)
    gate = Gate(monkeypatch, PasswordGuard, "prove", after=True)
    deletion = asyncio.create_task(service.post("/v1/auth/account/deletion", {"password": PASSWORD}, person=thief))
    await gate.reached()
    await signed_out(service, owner)
    gate.open()
    assert_over(await deletion)
    assert await is_live(service, owner)
