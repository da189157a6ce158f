"""Idempotency-Key over real PostgreSQL: one effect per key, and the same answer for everybody who repeats it."""

import asyncio
import hashlib
from uuid import UUID

import msgspec
import pytest

from shared.db import Connection, Database, DirectConnection
from shared.ids import uuid7
from shared.purge import purge, purge_idempotency
from shared.web.answers import Created
from shared.web.idempotency import Claim, is_answered, once
from shared.web.idempotency_key import IdempotencyKeyInUse, IdempotencyKeyReused
from tests.integration.shared.tables import SCHEMA


class Thing(msgspec.Struct):
    thing_id: UUID
    name: str


def claim(key: str = "k", fingerprint: str = "body") -> Claim:
    return Claim(hashlib.sha256(key.encode()).digest(), hashlib.sha256(fingerprint.encode()).digest())


async def create(database: Database, wanted: Claim | None, *, fails: bool = False) -> Created[Thing]:
    """Create a thing once for the claim."""
    async with database.transaction() as connection:

        async def effect() -> Created[Thing]:
            return await _make(connection, fails=fails)

        return await once(connection, SCHEMA, wanted, Thing, effect)


async def _make(connection: Connection, *, fails: bool) -> Created[Thing]:
    thing = Thing(uuid7(), '\u00e9 \U0001f98a "quoted"')
    await connection.execute("insert into app.thing values ($1, $2)", thing.thing_id, thing.name)
    await asyncio.sleep(0.02)
    if fails:
        raise ConnectionAbortedError("crashed after the effect")
    return Created(thing, "v1", location=f"/v1/things/{thing.thing_id}")


async def things(direct: DirectConnection) -> int:
    return int(await direct.fetchval("select count(*) from app.thing"))


async def test_fifty_at_once_have_one_effect_and_one_answer(database: Database, direct: DirectConnection) -> None:
    ends = await asyncio.gather(*(create(database, claim()) for _ in range(50)), return_exceptions=True)
    answers = [end for end in ends if isinstance(end, Created)]
    refused = [end for end in ends if not isinstance(end, Created)]
    assert await things(direct) == 1
    assert answers
    assert all(answer == answers[0] for answer in answers)
    assert all(isinstance(end, IdempotencyKeyInUse) for end in refused)
    assert all(end.headers == {"Retry-After": "1"} for end in refused if isinstance(end, IdempotencyKeyInUse))


async def test_repeated_request_gets_the_first_ones_answer(database: Database, direct: DirectConnection) -> None:
    assert not await is_answered(database, SCHEMA, claim().key_hash)
    first = await create(database, claim())
    assert await is_answered(database, SCHEMA, claim().key_hash)
    assert await create(database, claim()) == first
    assert await things(direct) == 1


async def test_other_keys_and_no_key_have_effects_of_their_own(database: Database, direct: DirectConnection) -> None:
    for wanted in (claim("a"), claim("b"), None, None):
        await create(database, wanted)
    assert await things(direct) == 4


async def test_key_is_good_for_one_request_only(database: Database, direct: DirectConnection) -> None:
    await create(database, claim())
    with pytest.raises(IdempotencyKeyReused):
        await create(database, claim(fingerprint="another body"))
    assert await things(direct) == 1


async def test_failed_effect_leaves_nothing_and_may_be_tried_again(
    database: Database, direct: DirectConnection
) -> None:
    with pytest.raises(Exception, match="doesn't answer"):
        await create(database, claim(), fails=True)
    assert await things(direct) == 0
    assert await direct.fetchval("select count(*) from app.idempotency") == 0
    await create(database, claim())
    assert await things(direct) == 1


async def test_answer_is_forgotten_after_a_day(database: Database, direct: DirectConnection) -> None:
    await create(database, claim("old"))
    await create(database, claim("new"))
    await direct.execute(
        "update app.idempotency set created_at = now() - interval '25 hours' where key_hash = $1", claim("old").key_hash
    )
    await purge(database, [purge_idempotency(SCHEMA)])
    assert await direct.fetchval("select key_hash from app.idempotency") == claim("new").key_hash
