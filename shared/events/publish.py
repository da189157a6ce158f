"""Writes events in the transaction of the change that they tell.

The advisory lock makes the order of positions the order of commits: without it, a reader could pass a position that a
slower transaction fills in later. It is taken last, so that it is held only from here to the commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from shared.db import Connection
from shared.ids import uuid7
from shared.tracing import current_traceparent


@dataclass(frozen=True, slots=True)
class NewEvent:
    type: str
    subject: str
    data: Mapping[str, object] = field(default_factory=dict)


async def publish(connection: Connection, schema: str, events: Sequence[NewEvent]) -> None:
    """Append `events` as the transaction's last step; they become visible with its commit."""
    if not events:
        return
    await connection.execute("select pg_advisory_xact_lock(hashtext($1))", f"{schema}.event")
    await connection.execute(
        f"""
        insert into {schema}.event (event_id, type, subject, data, traceparent)
        select *, $5 from unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[])
        """,  # noqa: S608  our own schema
        [uuid7() for _ in events],
        [event.type for event in events],
        [event.subject for event in events],
        [msgspec.json.encode(event.data).decode() for event in events],
        current_traceparent(),
    )
    await connection.execute("select pg_notify($1, '')", channel(schema))


def channel(schema: str) -> str:
    """Return the LISTEN channel that says that the schema has new events."""
    return f"{schema}_event"
