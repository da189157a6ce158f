import asyncio
import time
from collections import Counter
from http.cookies import SimpleCookie

import pytest

from auth_service.challenges import LIFETIME, Challenges
from shared.settings import Secret
from tests.authenticator import Authenticator, encode
from tests.integration.auth_service.factor_people import (
    FINISH,
    PASSKEY,
    PASSKEYS,
    STEP_UP,
    add_passkey,
    audit,
    code_of,
    creation_options,
    finish,
    offer_passkey,
    passkey_sign_in,
    pending,
    two_factored,
)
from tests.integration.auth_service.people import STRANGER, Gateway, Json, Reply, claims_of
from tests.integration.auth_service.world import AuthService, environment, running
from tests.stores import DatabaseUrls


async def finish_by(service: AuthService, token: str, key: Authenticator) -> Reply:
    options = await service.post(f"{FINISH}/passkey", {"pending_sign_in": token})
    assert options.status == 200, options
    return await finish(service, token, passkey=key.get(options.body["options"]))


@pytest.mark.parametrize(("synced", "method"), [(False, "hwk"), (True, "swk")])
async def test_passkey_alone_signs_in_without_an_address(
    service: AuthService,
    synced: bool,  # noqa: FBT001  pytest passes by name
    method: str,
) -> None:
    person, key = await service.register(), Authenticator(synced=synced)
    made = await add_passkey(service, person, key, "  My key ")
    assert (made["passkey"]["name"], made["passkey"]["synced"]) == ("My key", synced)
    assert len(made["recovery_codes"]) == 10
    for _ in range(2):
        reply = await passkey_sign_in(service, key)
        assert reply.status == 200, reply
        claims = claims_of(reply.body)
        assert (claims["sub"], claims["amr"]) == (str(person.user_id), [method, "user", "mfa"])
        assert claims["acr"] == "aal2"
    browser = await passkey_sign_in(service, key, session="browser")
    assert "access_token" not in browser.body
    assert await service.verify("browser_session", SimpleCookie(browser.headers["Set-Cookie"])["session"].value)


async def test_passkey_that_verifies_nobody_isnt_enough_alone(service: AuthService) -> None:
    """Who has found a key must not get in by touching it."""
    person, key = await service.register(), Authenticator(verifies=False)
    await add_passkey(service, person, key)
    reply = await passkey_sign_in(service, key)
    assert (reply.status, reply.code) == (403, "passkey_refused")


async def test_passkey_that_learns_to_verify_later_isnt_enough_alone_either(service: AuthService) -> None:
    """Who has found a key without a PIN can set one, and it then vouches for the finder."""
    person, key = await service.register(), Authenticator(verifies=False)
    await add_passkey(service, person, key)
    key.verifies = True
    reply = await passkey_sign_in(service, key)
    assert (reply.status, reply.code) == (403, "passkey_refused")
    assert (await finish_by(service, await pending(service, person), key)).status == 200


@pytest.mark.parametrize("verifies", [True, False])
async def test_passkey_is_a_second_factor(
    service: AuthService,
    verifies: bool,  # noqa: FBT001  as above
) -> None:
    person, key = await service.register(), Authenticator(verifies=verifies)
    await add_passkey(service, person, key)
    assert (await service.try_login(person.email)).body["factors"] == ["passkey", "recovery_code"]
    reply = await finish_by(service, await pending(service, person), key)
    assert reply.status == 200
    assert claims_of(reply.body)["amr"] == ["pwd", "hwk", "user", "mfa"]


async def test_answer_is_good_once(service: AuthService, replica: AuthService) -> None:
    """A19: the very assertion again, in parallel over two replicas."""
    person, key = await service.register(), Authenticator(synced=True)
    await add_passkey(service, person, key)
    shown = key.get((await service.post(f"{PASSKEY}/options")).body["options"])
    uses = [(service, replica)[number % 2].post(PASSKEY, {"passkey": shown}) for number in range(8)]
    replies = await asyncio.gather(*uses)
    assert Counter(reply.status for reply in replies) == {200: 1, 403: 7}
    assert await service.admin.fetchval("select count(*) from auth.spent_challenge") == 2


async def test_answer_to_one_question_is_none_to_another(service: AuthService) -> None:
    """A challenge is bound to what it was asked for, and to whom."""
    person, key = await service.register(), Authenticator(synced=True)
    await add_passkey(service, person, key)
    to_sign_in = (await service.post(f"{PASSKEY}/options")).body["options"]
    to_step_up = (await service.post(f"{STEP_UP}/passkey", person=person)).body["options"]
    first, second = await pending(service, person), await pending(service, person)
    to_finish = (await service.post(f"{FINISH}/passkey", {"pending_sign_in": first})).body["options"]
    for options in (to_step_up, to_finish):
        assert (await service.post(PASSKEY, {"passkey": key.get(options)})).code == "passkey_refused"
    for options in (to_sign_in, to_step_up):
        assert (await finish(service, first, passkey=key.get(options))).code == "passkey_refused"
    assert (await finish(service, second, passkey=key.get(to_finish))).code == "passkey_refused"
    elsewhere = await service.call("POST", PASSKEY, {"passkey": key.get(to_sign_in)}, device=STRANGER)
    assert elsewhere.code == "passkey_refused"
    other = await service.register()
    body = {"name": "Key", "credential": Authenticator().create(await creation_options(service, person))}
    assert (await service.post(PASSKEYS, body, person=other)).code == "passkey_refused"
    assert (await finish(service, first, passkey=key.get(to_finish))).status == 200


async def test_invented_challenge_is_refused(service: AuthService) -> None:
    person, key = await service.register(), Authenticator()
    await add_passkey(service, person, key)
    forged = Challenges(Secret("x" * 32)).make("sign in")
    for challenge in (forged, b"", b"\0" * 16, forged * 100):
        options = {"challenge": encode(challenge)}
        assert (await service.post(PASSKEY, {"passkey": key.get(options)})).code == "passkey_refused"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:8081", "http://127.0.0.1", "null"])
async def test_foreign_page_can_use_nothing(service: AuthService, origin: str) -> None:
    """What is signed names the page: phishing gets an answer that is no good here."""
    person, key = await service.register(), Authenticator()
    await add_passkey(service, person, key)
    key.origin = origin
    assert (await passkey_sign_in(service, key)).code == "passkey_refused"
    assert (await offer_passkey(service, person, Authenticator(origin=origin))).code == "passkey_refused"


@pytest.mark.parametrize(
    ("public_url", "origin", "host"),
    [
        ("https://c.example.org", "https://c.example.org", "c.example.org"),
        ("https://c.example.org:8443", "https://c.example.org:8443", "c.example.org"),
        ("https://C.Example.org/some/path", "https://c.example.org", "c.example.org"),
        ("http://localhost:8080/x", "http://localhost:8080", "localhost"),
    ],
)
async def test_who_we_are_comes_from_public_url_alone(
    auth_database: DatabaseUrls, gateway: Gateway, public_url: str, origin: str, host: str
) -> None:
    """A12: whatever Host says."""
    async with running(auth_database, gateway, PUBLIC_URL=public_url) as service:
        person, key = await service.register(), Authenticator(origin=origin)
        await add_passkey(service, person, key)
        assert key.host == host
        assert (await passkey_sign_in(service, key)).status == 200


async def test_counter_that_doesnt_move_on_is_refused_and_noted(service: AuthService) -> None:
    """A copy of a key that can't be copied."""
    person, key = await service.register(), Authenticator()
    added = await add_passkey(service, person, key)
    assert (await passkey_sign_in(service, key)).status == 200
    key.counter = 0  # as the copy's
    reply = await passkey_sign_in(service, key)
    assert (reply.status, reply.code) == (403, "passkey_refused")
    [entry] = await audit(service, "passkey_counter_regressed")
    assert entry["user_id"] == person.user_id
    assert added["passkey"]["id"] in entry["details"]
    assert (await passkey_sign_in(service, key)).status == 200


async def test_passkey_of_another_account_is_no_factor_of_this(service: AuthService) -> None:
    person, other = await service.register(), await service.register()
    key, foreign = Authenticator(), Authenticator()
    await add_passkey(service, person, key)
    await add_passkey(service, other, foreign)
    token = await pending(service, person)
    assert (await finish_by(service, token, foreign)).code == "passkey_refused"
    assert (await finish_by(service, token, key)).status == 200


async def test_refused_passkeys_are_counted_and_written_down_as_wrong_codes_are(service: AuthService) -> None:
    """A10, whatever is guessed at."""
    person, key, foreign = await service.register(), Authenticator(), Authenticator(host="127.0.0.1")
    await add_passkey(service, person, key)
    options = (await service.post(f"{STEP_UP}/passkey", person=person)).body["options"]
    shown = {"passkey": foreign.get(options)}
    codes = [(await service.post(STEP_UP, shown, person=person)).code for _ in range(11)]
    assert codes == ["passkey_refused"] * 10 + ["too_many_attempts"]
    for action, number in (("attempt_refused", 1), ("attempts_exhausted", 1), ("second_factor_refused", 10)):
        assert [entry["user_id"] for entry in await audit(service, action)] == [person.user_id] * number


async def test_answer_to_no_open_question_is_no_guess(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    """It was asked for elsewhere, or too long ago: nothing is looked at, and nobody is kept out for it."""
    person, key = await service.register(), Authenticator()
    await add_passkey(service, person, key)
    ours = Secret(environment(auth_database, gateway)["REFRESH_KEY"])
    late = Challenges(ours, lambda: time.time() - LIFETIME).make(f"step up {person.session_id}")
    for challenge, told in ((late, "too long"), (Challenges(ours).make("step up"), "another question")):
        for _ in range(11):
            shown = {"passkey": key.get({"challenge": encode(challenge)})}
            reply = await service.post(STEP_UP, shown, person=person)
            assert (reply.code, told in reply.body["detail"]) == ("passkey_refused", True), reply
    assert await audit(service, "attempt_refused") == await audit(service, "second_factor_refused") == []
    options = (await service.post(f"{STEP_UP}/passkey", person=person)).body["options"]
    assert (await service.post(STEP_UP, {"passkey": key.get(options)}, person=person)).status == 200


async def test_claimed_account_counts_for_nothing(service: AuthService) -> None:
    """The user handle isn't signed: whose passkey it is, our row says, and who says otherwise is refused."""
    person, other = await service.register(), await service.register()
    key = Authenticator()
    await add_passkey(service, person, key)
    for handle in (encode(other.user_id.bytes), ""):
        key.user_handle = handle
        assert (await passkey_sign_in(service, key)).code == "passkey_refused"


def damaged(shown: Json) -> list[Json]:
    """Return what is wrong in one place each."""
    response = shown["response"]
    texts = ("", "A", "!!!", "AAAA", encode(b"\xff" * 400), encode(b"{}"), encode(b"[]"), encode(b'{"challenge": 1}'))
    found = [
        shown | {"response": response | {name: text}} for name in response for text in texts if name != "transports"
    ]
    found += [shown | {"rawId": text} for text in texts]
    return [*found, shown | {"id": "AAAA"}]


async def test_damaged_answers_are_refused_and_never_fail(service: AuthService) -> None:
    person, key = await service.register(), Authenticator(synced=True)
    await add_passkey(service, person, key)
    options = (await service.post(f"{PASSKEY}/options")).body["options"]
    for shown in damaged(key.get(options)):
        reply = await service.post(PASSKEY, {"passkey": shown})
        assert (reply.status, reply.code) == (403, "passkey_refused"), (shown, reply)
    made = Authenticator().create(await creation_options(service, person))
    for shown in damaged(made):
        reply = await service.post(PASSKEYS, {"name": "Key", "credential": shown}, person=person)
        assert (reply.status, reply.code) == (403, "passkey_refused"), (shown, reply)
    assert (await service.post(PASSKEY, {"passkey": key.get(options)})).status == 200


@pytest.mark.parametrize(
    "shown",
    [
        None,
        {},
        {"id": 1},
        {"id": "a", "rawId": "a", "response": []},
        {"id": "a", "rawId": "a", "response": {"clientDataJSON": "a"}},
        {"id": "a", "rawId": "a" * 2000, "response": {"clientDataJSON": "", "authenticatorData": "", "signature": ""}},
    ],
)
async def test_malformed_answers_are_400(service: AuthService, shown: object) -> None:
    assert (await service.post(PASSKEY, {"passkey": shown})).code == "malformed_body"


async def test_account_without_passkeys_isnt_asked_for_one(service: AuthService) -> None:
    somebody = await two_factored(service)
    token = await pending(service, somebody.person)
    assert (await service.post(f"{FINISH}/passkey", {"pending_sign_in": token})).code == "passkey_refused"
    assert (await service.post(f"{STEP_UP}/passkey", person=somebody.person)).code == "passkey_refused"
    assert (await finish(service, token, code=code_of(somebody.secret))).status == 200
