import asyncio

import pytest

from tests.authenticator import Authenticator, decode, encode
from tests.integration.auth_service.factor_people import (
    FACTORS,
    PASSKEY,
    PASSKEYS,
    add_passkey,
    age,
    creation_options,
    offer_passkey,
    passkey_sign_in,
)
from tests.integration.auth_service.world import AuthService, until_blocked


async def test_options_ask_for_what_suits_a_passkey(service: AuthService) -> None:
    person = await service.register()
    options = (await service.post(f"{PASSKEYS}/options", person=person)).body["options"]
    assert options["rp"] == {"id": "127.0.0.1", "name": "127.0.0.1"}
    assert (options["user"]["name"], decode(options["user"]["id"])) == (person.email, person.user_id.bytes)
    assert options["authenticatorSelection"] == {"residentKey": "preferred", "userVerification": "preferred"} | {
        "requireResidentKey": False
    }
    assert options["attestation"] == "none"
    assert {each["alg"] for each in options["pubKeyCredParams"]} >= {-7, -257}
    asked = (await service.post(f"{PASSKEY}/options")).body["options"]
    assert (asked["rpId"], asked["userVerification"]) == ("127.0.0.1", "required")
    assert not asked.get("allowCredentials")


async def test_registration_is_good_once(service: AuthService) -> None:
    person, key = await service.register(), Authenticator()
    options = (await service.post(f"{PASSKEYS}/options", person=person)).body["options"]
    body = {"name": "Key", "credential": key.create(options)}
    assert (await service.post(PASSKEYS, body, person=person)).status == 201
    assert (await service.post(PASSKEYS, body, person=person)).code == "passkey_refused"
    other = Authenticator()
    again = await service.post(PASSKEYS, {"name": "Key", "credential": other.create(options)}, person=person)
    assert again.code == "passkey_refused"


async def test_same_credential_isnt_registered_twice(service: AuthService) -> None:
    person, other = await service.register(), await service.register()
    key = Authenticator()
    await add_passkey(service, person, key)
    assert (await offer_passkey(service, other, key)).code == "passkey_refused"
    known = (await creation_options(service, person))["excludeCredentials"]
    assert [each["id"] for each in known] == [encode(key.credential_id)]


async def test_passkeys_are_listed_named_and_removed(service: AuthService) -> None:
    person = await service.register()
    first, second = Authenticator(), Authenticator(synced=True)
    one = (await add_passkey(service, person, first, "One"))["passkey"]
    two = await add_passkey(service, person, second, "Two")
    assert two["recovery_codes"] is None
    assert (await passkey_sign_in(service, first)).status == 200
    change = await service.call("PATCH", f"{PASSKEYS}/{one['id']}", {"name": "First"}, person=person)
    assert (change.status, change.body["name"]) == (200, "First")
    listed = (await service.call("GET", FACTORS, person=person)).body["passkeys"]
    assert [(each["name"], each["last_used_at"] is not None) for each in listed] == [("First", True), ("Two", False)]
    assert (await service.call("DELETE", f"{PASSKEYS}/{one['id']}", person=person)).status == 204
    assert (await passkey_sign_in(service, first)).code == "passkey_refused"
    assert (await service.call("DELETE", f"{PASSKEYS}/{one['id']}", person=person)).status == 404
    assert (await passkey_sign_in(service, second)).status == 200


async def test_anothers_passkey_isnt_there(service: AuthService) -> None:
    person, other = await service.register(), await service.register()
    passkey = (await add_passkey(service, person, Authenticator()))["passkey"]["id"]
    for method, body in (("PATCH", {"name": "x"}), ("DELETE", None)):
        assert (await service.call(method, f"{PASSKEYS}/{passkey}", body, person=other)).status == 404


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb", "\u202egnihton"])
async def test_odd_names_are_refused(service: AuthService, name: str) -> None:
    person = await service.register()
    reply = await offer_passkey(service, person, Authenticator(), name)
    assert (reply.status, reply.code) == (422, "invalid_passkey_name")


async def test_last_way_in_stays(service: AuthService) -> None:
    """An account without a password can't lose its only passkey."""
    person = await service.register()
    key = Authenticator()
    passkey = (await add_passkey(service, person, key))["passkey"]["id"]
    await service.admin.execute("update auth.account set password_hash = null")
    refused = await service.call("DELETE", f"{PASSKEYS}/{passkey}", person=person)
    assert (refused.status, refused.code) == (409, "last_way_in")
    assert (await passkey_sign_in(service, key)).status == 200
    await add_passkey(service, person, Authenticator(verifies=False))  # which can't sign in alone
    assert (await service.call("DELETE", f"{PASSKEYS}/{passkey}", person=person)).code == "last_way_in"
    await add_passkey(service, person, Authenticator())
    assert (await service.call("DELETE", f"{PASSKEYS}/{passkey}", person=person)).status == 204


async def test_only_a_fresh_session_adds_or_removes(service: AuthService) -> None:
    person = await service.register()
    passkey = (await add_passkey(service, person, Authenticator()))["passkey"]["id"]
    options = await creation_options(service, person)
    await age(service, person)
    body = {"name": "Key", "credential": Authenticator().create(options)}
    for method, path, sent in (
        ("POST", f"{PASSKEYS}/options", None),
        ("POST", PASSKEYS, body),
        ("DELETE", f"{PASSKEYS}/{passkey}", None),
    ):
        assert (await service.call(method, path, sent, person=person)).code == "insufficient_user_authentication"


async def test_an_account_has_twenty_at_most(service: AuthService) -> None:
    person = await service.register()
    await add_passkey(service, person, Authenticator())
    options = await creation_options(service, person)
    await service.admin.execute(
        """
        insert into auth.passkey
            (passkey_id, user_id, credential_id, public_key, sign_count, transports, synced, verifies, name)
        select gen_random_uuid(), user_id, ('x' || n)::bytea, '', 0, '{}', false, true, 'n'
        from auth.passkey, generate_series(1, 19) n
        """
    )
    assert (await service.post(f"{PASSKEYS}/options", person=person)).code == "too_many_passkeys"
    body = {"name": "Key", "credential": Authenticator().create(options)}
    assert (await service.post(PASSKEYS, body, person=person)).code == "too_many_passkeys"


async def test_of_two_removals_at_once_one_leaves_a_way_in(service: AuthService, replica: AuthService) -> None:
    """Each would leave the other's passkey."""
    person = await service.register()
    keys = [(await add_passkey(service, person, Authenticator()))["passkey"]["id"] for _ in range(2)]
    await service.admin.execute("update auth.account set password_hash = null")
    async with service.admin.transaction():
        await service.admin.execute("select from auth.account for no key update")
        removals = [
            asyncio.create_task(each.call("DELETE", f"{PASSKEYS}/{key}", person=person))
            for each, key in zip((service, replica), keys, strict=True)
        ]
        await until_blocked(service)
    assert sorted([reply.status for reply in await asyncio.gather(*removals)]) == [204, 409]
    assert await service.admin.fetchval("select count(*) from auth.passkey") == 1
