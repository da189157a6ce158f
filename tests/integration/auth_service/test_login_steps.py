"""A8: a refusal tells nothing, since it took the same steps. Here they are counted; bench/login_time.py times them.

What an account has, or that there is none, must show neither in the statements that are run nor in how much is hashed.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import Mock

import asyncpg
import bcrypt
import pytest

from auth_service.hashing_queue import HashingQueue
from auth_service.password_hashes import accept
from shared.errors import Unavailable
from tests.hashing import counted_rounds
from tests.integration.auth_service.people import STRANGER, Gateway
from tests.integration.auth_service.world import AuthService, running
from tests.stores import DatabaseUrls
from tests.unit.auth_service.foreign_hashes import FOREIGN

COST = 8
TABLES = ("auth.account", "auth.known_device", "auth.login_failure", "auth.audit_entry")  # no timer looks at these
KINDS = {
    "one with a password": "",
    "one with a password of a lower cost": bcrypt.hashpw(b"", bcrypt.gensalt(4)).decode(),
    "one without a password": None,
    "one from GoTrue": accept(FOREIGN["bcrypt of Go"]),
    "one from Django": accept(FOREIGN["Django pbkdf2"]),
    "one with what is no hash": "changed by hand",
}


class Steps:
    """What the service did meanwhile: statements, in order, and work of bcrypt."""

    def __init__(self, counted: list[int]) -> None:
        self.statements: list[str] = []
        self.hashings = 0
        self._counted = counted

    @property
    def rounds(self) -> int:
        return sum(self._counted)

    @property
    def counted(self) -> tuple[list[str], int]:
        return self.statements, self.hashings


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    def note(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def noted(self: object, query: str, *args: object, **options: object) -> Any:
            if any(table in query for table in TABLES):
                steps.statements.append(" ".join(query.split()))
            return await original(self, query, *args, **options)

        return noted

    async def run(self: HashingQueue, work: Callable[[], object]) -> object:
        steps.hashings += 1
        return await original_run(self, work)

    original_run = HashingQueue.run
    with counted_rounds(monkeypatch) as rounds, monkeypatch.context() as patch:
        steps = Steps(rounds)
        for name in ("fetch", "fetchrow", "fetchval", "execute"):
            patch.setattr(asyncpg.Connection, name, note(getattr(asyncpg.Connection, name)))
        patch.setattr(HashingQueue, "run", run)
        yield steps


@pytest.fixture
async def costly(auth_database: DatabaseUrls, gateway: Gateway) -> Any:
    async with running(auth_database, gateway, BCRYPT_COST=str(COST)) as service:
        yield service


async def refuse(service: AuthService, email: str, monkeypatch: pytest.MonkeyPatch) -> Steps:
    with watched(monkeypatch) as steps:
        reply = await service.try_login(email, "wrong password", STRANGER)
    assert (reply.status, reply.code) == (401, "invalid_credentials")
    return steps


@pytest.mark.parametrize("kind", KINDS)
async def test_refused_login_takes_the_steps_of_one_to_no_account(
    costly: AuthService, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    person = await costly.register()
    if KINDS[kind] != "":
        await costly.admin.execute(
            "update auth.account set password_hash = $1 where user_id = $2", KINDS[kind], person.user_id
        )
    for _ in range(2):  # the first refusal of a window is written down, the next isn't
        known = await refuse(costly, person.email, monkeypatch)
        unknown = await refuse(costly, "nobody@example.org", monkeypatch)
        assert known.counted == unknown.counted
        assert known.hashings == 1
        assert len(known.statements) >= 2


@pytest.mark.parametrize("kind", [each for each in KINDS if each != "one from Django"])
async def test_refused_login_hashes_as_much_as_one_to_no_account(
    costly: AuthService, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """In rounds of bcrypt. What another algorithm took is made up for by time, which a test can't count."""
    person = await costly.register()
    if KINDS[kind] != "":
        await costly.admin.execute(
            "update auth.account set password_hash = $1 where user_id = $2", KINDS[kind], person.user_id
        )
    await refuse(costly, person.email, monkeypatch)  # the first foreign one has a hash of ours timed
    known = await refuse(costly, person.email, monkeypatch)
    assert known.rounds == pytest.approx(2**COST, rel=0.5)
    assert (await refuse(costly, "nobody@example.org", monkeypatch)).rounds == 2**COST


async def test_login_that_there_is_no_time_for_costs_the_database_nothing(
    costly: AuthService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A27"""
    person = await costly.register()
    monkeypatch.setattr(HashingQueue, "check_room", Mock(side_effect=Unavailable("Too many.", retry_after=2)))
    with watched(monkeypatch) as steps:
        reply = await costly.try_login(person.email, "wrong password", STRANGER)
    assert (reply.status, reply.code) == (503, "unavailable")
    assert steps.counted == ([], 0)


async def test_address_that_rests_is_refused_alike_and_without_hashing(
    costly: AuthService, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await costly.register()
    for email in (person.email, "nobody@example.org"):
        for _ in range(10):
            await costly.try_login(email, "wrong password", STRANGER)
    told = []
    for email in (person.email, "nobody@example.org"):
        with watched(monkeypatch) as steps:
            assert (await costly.try_login(email, "wrong password", STRANGER)).code == "too_many_attempts"
        assert steps.hashings == 0
        told.append(steps.statements)
    assert told[0] == told[1]


async def test_registering_hashes_before_it_looks_at_the_address(
    costly: AuthService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A9: a taken address costs the same hash as a free one."""
    person = await costly.register()
    with watched(monkeypatch) as steps:
        reply = await costly.post("/v1/auth/register", {"email": person.email, "password": "a password"})
    assert (reply.status, steps.hashings, steps.rounds) == (409, 1, 2**COST)
