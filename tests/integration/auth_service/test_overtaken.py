"""What somebody is doing while its owner, or another administrator, shuts them out: it isn't finished then."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from auth_service.passwords import PasswordHasher
from auth_service.service import administration
from auth_service.service.entrance import Entrance
from auth_service.service.mail_sign_in import MailSignIn
from auth_service.service.passkey_assertions import PasskeyAssertions
from auth_service.service.password_guard import PasswordGuard
from tests.authenticator import Authenticator
from tests.integration.auth_service.administrators import make_admin, path_of, put
from tests.integration.auth_service.factor_people import (
    add_passkey,
    code_of,
    finish,
    passkey_sign_in,
    pending,
    two_factored,
)
from tests.integration.auth_service.mailing import BY_LINK, CONFIRM, LINK, UNDO, Mailing
from tests.integration.auth_service.people import PASSWORD, Person, Reply
from tests.integration.auth_service.test_email_change import NEW, OLD, ask, change
from tests.integration.auth_service.test_pending_changes import OFFER, shut_out
from tests.integration.auth_service.world import AuthService, is_live, until_blocked
from tests.integration.gates import Gate

Overtake = Callable[[], Awaitable[Reply]]
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


@pytest.mark.parametrize("how", ["reset", "change", "undo"])
async def test_mailed_link_lets_nobody_in_once_the_account_is_another(
    post: Mailing, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The link is spent just before the password is reset, or the address that it was mailed to isn't the account's."""
    owner = await post.service.register(OLD)
    await post.verify(owner)
    overtake = await BY_MAIL[how](post, owner)
    mail = await post.link(LINK, NEW if how == "undo" else OLD, "sign in")
    gate = Gate(monkeypatch, MailSignIn, "_spend", after=True)
    sign_in = asyncio.create_task(post.service.post(BY_LINK, {"token": mail.token}))
    await gate.reached()
    assert (await overtake()).status == 204
    gate.open()
    refused = await sign_in
    assert (refused.status, refused.code) == (401, "invalid_credentials")


async def by_reset(post: Mailing, owner: Person) -> Overtake:
    token = (await post.reset_link(owner.email)).token
    return lambda: post.reset(token)


async def by_change(post: Mailing, owner: Person) -> Overtake:
    await ask(post, owner)
    token = (await post.server.mail_to(NEW, OFFER)).token
    return lambda: post.service.post(CONFIRM, {"token": token})


async def by_undo(post: Mailing, owner: Person) -> Overtake:
    await change(post, owner)
    token = (await post.server.mail_to(OLD, "Your email address was changed")).token
    return lambda: post.service.post(UNDO, {"token": token})


BY_MAIL = {"reset": by_reset, "change": by_change, "undo": by_undo}


async def test_second_factor_finishes_nothing_that_was_voided_meanwhile(
    service: AuthService, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody = await two_factored(service)
    token = await pending(service, somebody.person)
    gate = Gate(monkeypatch, Entrance, "admit")
    sign_in = asyncio.create_task(finish(service, token, code=code_of(somebody.secret)))
    await gate.reached()
    assert (await service.post("/v1/auth/logout", {"scope": "all"}, person=somebody.person)).status == 204
    gate.open()
    refused = await sign_in
    assert (refused.status, refused.code) == (401, "invalid_pending_sign_in")


async def test_passkey_that_is_removed_meanwhile_lets_nobody_in(post: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = await post.service.register(OLD)
    await post.verify(owner)
    undo = await by_undo(post, owner)
    key = Authenticator(origin="https://people.example")
    await add_passkey(post.service, owner, key)
    gate = Gate(monkeypatch, PasskeyAssertions, "prove_anybodys", after=True)
    sign_in = asyncio.create_task(passkey_sign_in(post.service, key))
    await gate.reached()
    assert (await undo()).status == 204
    gate.open()
    refused = await sign_in
    assert (refused.status, refused.code) == (403, "passkey_refused")


@pytest.mark.parametrize("role", [[], ["support"]])
async def test_administrator_who_is_being_demoted_acts_no_more(
    service: AuthService, monkeypatch: pytest.MonkeyPatch, role: list[str]
) -> None:
    boss, rogue, accomplice = await make_admin(service), await make_admin(service), await service.register()
    gate = Gate(monkeypatch, administration, "change_roles", after=True)
    demotion = asyncio.create_task(put(service, boss, path_of(rogue, "/roles"), {"roles": role}))
    await gate.reached()
    act = asyncio.create_task(put(service, rogue, path_of(accomplice, "/roles"), {"roles": ["admin"]}))
    await until_blocked(service)
    gate.open()
    assert (await demotion).status == 204
    assert_over(await act)


async def test_demotion_waits_for_what_the_administrator_has_begun(
    service: AuthService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that nothing is done by them once it was answered."""
    boss, rogue, accomplice = await make_admin(service), await make_admin(service), await service.register()
    gate = Gate(monkeypatch, administration, "require_administrator", after=True)
    act = asyncio.create_task(put(service, rogue, path_of(accomplice, "/roles"), {"roles": ["admin"]}))
    await gate.reached()
    demotion = asyncio.create_task(put(service, boss, path_of(rogue, "/roles"), {"roles": []}))
    await until_blocked(service)
    gate.open()
    assert (await act).status == 204
    assert (await demotion).status == 204
