"""Idempotency-Key: a retried creation gets the first one's answer (draft-ietf-httpapi-idempotency-key-header-07).

Each service that offers it has the table

    idempotency (key_hash bytea primary key, fingerprint bytea not null, answer jsonb not null,
                 created_at timestamptz not null default now())

and purges it after 24 hours. The answer is stored in the effect's own transaction, so both are there or neither.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from shared.db import Connection, Db
from shared.web.answers import Created
from shared.web.idempotency_key import IdempotencyKeyInUse, IdempotencyKeyReused

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Claim:
    """A key within its scope (principal and route), and what it was used for."""

    key_hash: bytes
    fingerprint: bytes


async def is_answered(db: Db, schema: str, key_hash: bytes) -> bool:
    """Tell whether the key has an answer already: then a repetition needs no more than was granted the first time."""
    known = f"select exists (select from {schema}.idempotency where key_hash = $1)"  # noqa: S608  our own schema
    return bool(await db.fetchval(known, key_hash))


class _Stored(msgspec.Struct):
    location: str
    etag: str | None
    body: msgspec.Raw


async def once(
    connection: Connection, schema: str, claim: Claim | None, kind: type[T], effect: Callable[[], Awaitable[Created[T]]]
) -> Created[T]:
    """Run `effect` in the caller's transaction unless the claim's answer is known, and return the answer.

    Raises IdempotencyKeyInUse while another transaction works on the key, IdempotencyKeyReused for another request.
    """
    if claim is None:
        return await effect()
    lock = int.from_bytes(claim.key_hash[:8], signed=True)
    if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", lock):
        raise IdempotencyKeyInUse("Try again in a moment.", headers={"Retry-After": "1"})
    known = f"select fingerprint, answer from {schema}.idempotency where key_hash = $1"  # noqa: S608  our own schema
    if (row := await connection.fetchrow(known, claim.key_hash)) is not None:
        return _replay(row["fingerprint"], row["answer"], claim, kind)
    answer = await effect()
    keep = f"insert into {schema}.idempotency (key_hash, fingerprint, answer) values ($1, $2, $3)"  # noqa: S608  as above
    stored = _Stored(answer.location, answer.etag, msgspec.Raw(msgspec.json.encode(answer.body)))
    await connection.execute(keep, claim.key_hash, claim.fingerprint, msgspec.json.encode(stored).decode())
    return answer


def _replay(fingerprint: bytes, answer: str, claim: Claim, kind: type[T]) -> Created[T]:
    if fingerprint != claim.fingerprint:
        raise IdempotencyKeyReused("Use a new key for a new request.")
    stored = msgspec.json.decode(answer, type=_Stored)
    return Created(msgspec.json.decode(stored.body, type=kind), stored.etag, location=stored.location)
