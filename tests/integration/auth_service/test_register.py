import asyncio
from collections import Counter

import pytest

from tests.integration.auth_service.people import PASSWORD
from tests.integration.auth_service.world import AuthService

REGISTER = "/v1/auth/register"


async def test_registered_person_is_signed_in(service: AuthService) -> None:
    reply = await service.post(REGISTER, {"email": "Ada@Example.org", "password": PASSWORD})
    assert reply.status == 201
    assert reply.body["token_type"] == "Bearer"
    assert reply.body["expires_in"] == 600
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Location"] == f"/v1/users/{reply.body['user_id']}"
    assert await service.events("user_registered") == [(reply.body["user_id"], {})]
    stored = await service.admin.fetchrow("select email, email_key, password_hash from auth.account")
    assert stored is not None
    assert (stored["email"], stored["email_key"]) == ("Ada@Example.org", "ada@example.org")
    assert stored["password_hash"].startswith("$2b$04$")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        pytest.param({"email": "nope"}, 422, "invalid_email", id="no address"),
        pytest.param({"email": "ada@example.org\r\nBcc: x@y.z"}, 422, "invalid_email", id="A23: CRLF"),
        pytest.param({"email": "A\0@example.org"}, 400, "malformed_body", id="NUL in the address"),
        pytest.param({"email": 7}, 400, "malformed_body", id="number for an address"),
        pytest.param({"email": None}, 400, "malformed_body", id="null for an address"),
        pytest.param({"password": "1234567"}, 422, "weak_password", id="short password"),
        pytest.param({"password": "x" * 129}, 422, "weak_password", id="long password"),
        pytest.param({"password": "12345678\0"}, 400, "malformed_body", id="A7: NUL in the password"),
        pytest.param({"password": "x" * 70_000}, 413, "body_too_large", id="enormous password"),
        pytest.param({"role": "admin"}, 400, "malformed_body", id="A21: role"),
        pytest.param({"email_verified": True}, 400, "malformed_body", id="A21: email_verified"),
        pytest.param({"id": "0"}, 400, "malformed_body", id="A21: id"),
        pytest.param({"user_id": "0"}, 400, "malformed_body", id="A21: user_id"),
        pytest.param({"scope": "x" * 50_000}, 400, "malformed_body", id="A22: large scope"),
    ],
)
async def test_register_refuses(service: AuthService, change: dict[str, object], status: int, code: str) -> None:
    reply = await service.post(REGISTER, {"email": "ada@example.org", "password": PASSWORD} | change)
    assert (reply.status, reply.code) == (status, code)
    assert await service.admin.fetchval("select count(*) from auth.account") == 0


@pytest.mark.parametrize(
    "twin",
    ["ADA@EXAMPLE.ORG", " ada@example.org ", "\uff41da@example.org", "ada@ex\uff41mple.org", "\u0130da@b\u00fccher.de"],
)
async def test_twin_of_an_address_is_taken(service: AuthService, twin: str) -> None:
    """A23: one identity for all forms of an address."""
    await service.register("ada@example.org")
    await service.register("IDA@xn--bcher-kva.de")
    reply = await service.post(REGISTER, {"email": twin, "password": PASSWORD})
    assert (reply.status, reply.code) == (409, "email_taken")


async def test_fifty_parallel_registrations_make_one_account(service: AuthService, replica: AuthService) -> None:
    """A24: 50 parallel registrations of one address, over two replicas."""
    body = {"email": "ada@example.org", "password": PASSWORD}
    calls = [each.post(REGISTER, body) for each in (service, replica) for _ in range(25)]
    statuses = Counter(reply.status for reply in await asyncio.gather(*calls))
    assert statuses == {201: 1, 409: 49}
    assert await service.admin.fetchval("select count(*) from auth.account") == 1
    assert await service.admin.fetchval("select count(*) from auth.session") == 1
    assert len(await service.events("user_registered")) == 1


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("x" * 73, id="73 bytes"),
        pytest.param("\U0001f600" * 64, id="64 characters of four bytes"),
        pytest.param("pass\u00e9word", id="composed accent"),
    ],
)
async def test_long_and_unicode_passwords_work(service: AuthService, password: str) -> None:
    """A7: a password of any script and length opens its account, and a difference at its end doesn't."""
    person = await service.register(password=password)
    assert (await service.try_login(person.email, password)).status == 200
    assert (await service.try_login(person.email, password[:-1] + "!")).status == 401
