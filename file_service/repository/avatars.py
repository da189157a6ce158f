"""SQL of what user_service has yet to be told: which avatars are gone."""

from uuid import UUID

from shared.db import Connection
from shared.ids import uuid7
from shared.jobs.model import NewJob
from shared.jobs.queue import enqueue

AVATAR_GONE = "avatar_gone"  # the kind of job; its payload is the owner's id and the file's
_ID_BYTES = 16


async def tell_avatar_gone(connection: Connection, owner_id: UUID, file_id: UUID) -> None:
    """Have user_service told: call it in the transaction that deletes the file."""
    await enqueue(connection, "files", NewJob(uuid7(), AVATAR_GONE, owner_id.bytes + file_id.bytes))


def named_in(payload: bytes) -> tuple[UUID, UUID]:
    """Return the owner's id and the file's."""
    return UUID(bytes=payload[:_ID_BYTES]), UUID(bytes=payload[_ID_BYTES:])
