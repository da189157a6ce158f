"""SQL of the virus scanner's work: which file is to be looked at, and what was found."""

from uuid import UUID

from file_service.domain.file import File
from file_service.domain.verdicts import Verdict
from file_service.repository.rows import COLUMNS, present
from shared.db import Connection, Database
from shared.ids import uuid7
from shared.jobs.model import NewJob
from shared.jobs.queue import enqueue
from shared.purge import Purge

SCAN = "scan"  # the kind of job; its payload is the file's id
_MOST_THREAT = 200  # characters

# The owner goes on seeing what was found, until they delete the file.
PURGE_INFECTED = Purge(
    "infected_blobs",
    """
    update files.blob set holder_id = null, due_at = now() where storage_key in (
        select storage_key from files.file join files.blob on holder_id = file_id
        where verdict = 'infected' and checked_at < now() - interval '7 days' limit $1
    ) returning storage_key
    """,
)


async def order_scan(connection: Connection, file_id: UUID) -> None:
    """Have the file scanned: call it in the transaction that writes its row."""
    await enqueue(connection, "files", NewJob(uuid7(), SCAN, file_id.bytes))


class ScanRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_pending(self, file_id: UUID) -> File | None:
        """Return the file if it is still there, and still to be looked at."""
        row = await self._database.fetchrow(
            f"select {COLUMNS} from files.file where file_id = $1 and verdict = 'pending'",  # noqa: S608  our own columns
            file_id,
        )
        return present(row) if row is not None else None

    async def settle(self, file_id: UUID, verdict: Verdict, threat: str = "") -> None:
        """Write down what was found; the first verdict stays."""
        await self._database.execute(
            """
            update files.file set verdict = $2, threat = $3, checked_at = now()
            where file_id = $1 and verdict = 'pending'
            """,
            file_id,
            verdict,
            threat[:_MOST_THREAT],
        )
