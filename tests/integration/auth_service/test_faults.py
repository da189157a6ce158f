"""PostgreSQL is slow, is lost between two statements, freezes, or is killed, in the middle of each route."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.auth_service.people import PASSWORD, Gateway, Person, Reply
from tests.integration.auth_service.world import AuthService, running, until_blocked
from tests.integration.shared.own_postgres import OwnPostgres, own_postgres
from tests.integration.shared.tables import connected
from tests.stores import Databases
from tests.waiting import eventually

LOCK_SECONDS = 2.0  # the runtime role's lock_timeout
SLACK = 8.0  # seconds that a crowded machine may add
NEW = "person-new@example.org"


@dataclass(frozen=True)
class Deed:
    """Something that a person does, and whether it went well."""

    do: Callable[[AuthService, Person], Coroutine[Any, Any, Reply]]
    done: int


DEEDS: Mapping[str, Deed] = {
    "register": Deed(lambda it, _: it.post("/v1/auth/register", {"email": NEW, "password": PASSWORD}), 201),
    "login": Deed(lambda it, person: it.try_login(person.email), 200),
    "refresh": Deed(lambda it, person: it.refresh(person.refresh_token), 200),
    "logout": Deed(lambda it, person: it.post("/v1/auth/logout", {"scope": "all"}, person=person), 204),
    "password": Deed(
        lambda it, person: it.post(
            "/v1/auth/password", {"current_password": PASSWORD, "new_password": "another password"}, person=person
        ),
        204,
    ),
    "deletion": Deed(
        lambda it, person: it.post("/v1/auth/account/deletion", {"password": PASSWORD}, person=person), 204
    ),
    "api key": Deed(
        lambda it, person: it.post("/v1/auth/api-keys", {"name": "a key", "scopes": ["full"]}, person=person), 201
    ),
    "sessions": Deed(lambda it, person: it.call("GET", "/v1/auth/sessions", person=person), 200),
}
# Each step that a deed's statements reach, so that the connection is lost before it and after all others.
STEPS = [
    *((deed, "account") for deed in ("register", "login", "password", "deletion", "api key")),
    *((deed, "session") for deed in ("register", "login", "refresh", "logout", "password", "deletion", "sessions")),
    *((deed, "known_device") for deed in ("register", "login", "deletion")),
    *((deed, "audit_entry") for deed in ("register", "login")),
    *((deed, "login_failure") for deed in ("login", "password", "deletion")),
    *((deed, "api_key") for deed in ("api key", "password", "deletion")),
    *((deed, "event") for deed in ("register", "logout", "password", "deletion")),
]


async def picture(service: AuthService) -> list[Any]:
    """Return what must not be half changed."""
    queries = (
        "select user_id, email, password_hash from auth.account order by 1",
        "select session_id, generation, secret_hash, revoked_at from auth.session order by 1",
        "select api_key_id from auth.api_key order by 1",
        "select id, type, subject from auth.event order by 1",
        "select audit_entry_id from auth.audit_entry order by 1",
    )
    return [[tuple(row) for row in await service.admin.fetch(query)] for query in queries]


def is_told_to_come_back(reply: Reply) -> bool:
    return (reply.status, reply.code) == (503, "unavailable") and int(reply.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(("deed", "table"), STEPS)
async def test_connection_that_is_lost_between_two_statements_leaves_nothing_half_done(
    service: AuthService, deed: str, table: str
) -> None:
    """R5: 503 with Retry-After, no account half made, and the same request succeeds without a restart."""
    person = await service.register()
    await service.login(person)  # another session, which a change of the password ends
    before = await picture(service)
    async with service.admin.transaction():
        await service.admin.execute(f"lock table auth.{table} in access exclusive mode")
        asking = asyncio.create_task(DEEDS[deed].do(service, person))
        await until_blocked(service)
        await service.admin.execute("select pg_terminate_backend(pid) from pg_locks where not granted")
        reply = await asking
        assert is_told_to_come_back(reply), reply
    assert await picture(service) == before
    assert (await DEEDS[deed].do(service, person)).status == DEEDS[deed].done


@pytest.mark.parametrize("deed", [name for name in DEEDS if name != "sessions"])
async def test_table_that_is_locked_for_long_is_waited_for_in_bounded_time(service: AuthService, deed: str) -> None:
    """R6: as by a migration that takes its time; what waited is rolled back."""
    person = await service.register()
    before = await picture(service)
    started = time.monotonic()
    async with service.admin.transaction():
        await service.admin.execute("lock table auth.session, auth.api_key in access exclusive mode")
        assert is_told_to_come_back(await DEEDS[deed].do(service, person))
    assert time.monotonic() - started < 3 * LOCK_SECONDS + SLACK
    assert await picture(service) == before
    assert (await DEEDS[deed].do(service, person)).status == DEEDS[deed].done


@pytest.fixture(scope="module")
async def postgres() -> AsyncIterator[OwnPostgres]:
    async with own_postgres() as running_one:
        yield running_one


@pytest.fixture
async def lonely(postgres: OwnPostgres, gateway: Gateway) -> AsyncIterator[AuthService]:
    """A replica on a PostgreSQL that nobody else uses."""
    await eventually(postgres.serves)
    async with Databases(postgres.url).clone("auth_service") as urls:
        async with connected(urls.admin) as admin:
            name = await admin.fetchval("select current_database()")
            await admin.execute(f"alter database {name} set synchronous_commit = on")  # as it is but for tests
        async with running(urls, gateway, DATABASE_TIMEOUT="1") as service:
            yield service


async def test_frozen_database_is_waited_for_in_bounded_time_by_every_route(
    postgres: OwnPostgres, lonely: AuthService
) -> None:
    """R6: SIGSTOP. Connections stay open, and nothing answers."""
    people = {name: await lonely.register() for name in DEEDS}
    with postgres.stopped():
        for name, deed in DEEDS.items():
            started = time.monotonic()
            reply = await deed.do(lonely, people[name])
            assert is_told_to_come_back(reply), (name, reply)
            assert time.monotonic() - started < 3 + SLACK, name
        assert (await lonely.call("GET", "/.well-known/jwks.json")).status == 200
    for name, deed in DEEDS.items():

        async def is_done(deed: Deed = deed, person: Person = people[name]) -> bool:
            status = (await deed.do(lonely, person)).status
            return status in (deed.done, 409)  # 409: what was sent when it froze was done after all

        await eventually(is_done)


async def test_killed_database_is_found_again_without_a_restart(postgres: OwnPostgres, lonely: AuthService) -> None:
    """R5: kill -9; its supervisor starts it again, and whoever was let in before is still."""
    person = await lonely.register()
    postgres.kill()

    async def refreshes() -> bool:
        reply = await lonely.refresh(person.refresh_token)
        assert reply.status == 200 or is_told_to_come_back(reply), reply
        return reply.status == 200

    await eventually(refreshes)
    assert (await DEEDS["register"].do(lonely, person)).status == 201
