import asyncio
import time

from tests.integration.auth_service.people import PASSWORD, STRANGER, Device, Gateway
from tests.integration.auth_service.world import AuthService, running, until_blocked
from tests.stores import DatabaseUrls


async def test_login_begins_another_session(service: AuthService) -> None:
    person = await service.register("ada@example.org")
    reply = await service.try_login(" ADA@example.org", device=STRANGER)
    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.body["user_id"] == person.tokens["user_id"]
    assert reply.body["refresh_token"] != person.refresh_token
    assert await service.admin.fetchval("select count(*) from auth.session") == 2


async def test_unknown_address_and_wrong_password_are_told_alike(service: AuthService) -> None:
    """A8: the answers differ in nothing but the request id."""
    person = await service.register()
    wrong = await service.try_login(person.email, "wrong password")
    unknown = await service.try_login("nobody@example.org", "wrong password")
    assert (wrong.status, wrong.code) == (401, "invalid_credentials")
    assert wrong.headers["WWW-Authenticate"] == "Bearer"
    same = [{**reply.body, "request_id": None} for reply in (wrong, unknown)]
    assert same[0] == same[1]


async def test_unknown_address_takes_as_long_as_a_known_one(auth_database: DatabaseUrls, gateway: Gateway) -> None:
    """A8: the shortest of many, taken in turn: whatever else the machine does only ever makes one longer."""
    async with running(auth_database, gateway, BCRYPT_COST="8") as service:
        people = [await service.register() for _ in range(15)]

        async def timed(email: str) -> float:
            started = time.perf_counter()
            assert (await service.try_login(email, "wrong password")).status == 401
            return time.perf_counter() - started

        taken = [(await timed(each.email), await timed(f"nobody-{n}@example.org")) for n, each in enumerate(people)]
        known, unknown = (min(times) for times in zip(*taken, strict=True))
        assert 0.6 < known / unknown < 1.6


async def test_every_field_of_the_access_token_is_there(service: AuthService) -> None:
    person = await service.register()
    claims = person.claims
    assert claims["iss"] == "http://127.0.0.1:8080"
    assert claims["aud"] == "colonnade"
    assert claims["sub"] == person.tokens["user_id"]
    assert claims["exp"] - claims["iat"] == 600
    assert (claims["gen"], claims["amr"], claims["acr"]) == (1, ["pwd"], "aal1")
    assert claims["jti"] != (await service.login(person)).claims["jti"]


async def test_password_changed_during_a_login_voids_it(service: AuthService) -> None:
    """A5: a login that proved the old password while it was being changed opens no session."""
    person = await service.register()
    async with service.admin.transaction():
        await service.admin.execute("update auth.account set password_changed_at = now()")
        login = asyncio.create_task(service.try_login(person.email))
        await until_blocked(service)
    assert (await login).code == "invalid_credentials"
    assert await service.admin.fetchval("select count(*) from auth.session") == 1


async def test_login_storm_is_shed_and_counts_against_nobody(auth_database: DatabaseUrls, gateway: Gateway) -> None:
    """A27: what the queue can't hold gets 503 with Retry-After, at once; other routes go on; nobody is locked out."""
    changes = {"BCRYPT_COST": "12", "BCRYPT_THREADS": "1", "BCRYPT_QUEUE": "1"}
    async with running(auth_database, gateway, **changes) as service:
        person = await service.register()
        storm = [asyncio.create_task(service.try_login(person.email)) for _ in range(9)]
        listed = await service.call("GET", "/v1/auth/sessions", person=person)
        assert listed.status == 200
        assert not all(task.done() for task in storm)
        replies = await asyncio.gather(*storm)
        shed = [reply for reply in replies if reply.status == 503]
        assert len(shed) == 7
        assert all(int(reply.headers["Retry-After"]) >= 2 for reply in shed)  # more where hashing takes longer
        assert (await service.try_login(person.email, PASSWORD, Device("198.51.100.1"))).status == 200
        assert await service.admin.fetchval("select sum(failures) from auth.login_failure") == 0
