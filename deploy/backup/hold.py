"""Keeps file_service from deleting bytes while a backup that needs them is made.

A row of `files.collection_hold` says so until a time that is put off again and again: whoever dies holds nothing up for
long. What the snapshot names was held as it was taken, and can be given up only after: by then the row is there.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from deploy.backup.errors import BackupError
from deploy.backup.installation import Server
from deploy.backup.snapshot import connected

_MINUTES = 10
_RENEW = 60.0  # seconds


class Hold:
    def __init__(self, server: Server, holder: str) -> None:
        self._server = server
        self._holder = holder

    async def take(self) -> None:
        async with connected(self._server, self._server.database) as connection:
            await connection.execute(
                """
                insert into files.collection_hold (holder, until) values ($1, now() + make_interval(mins => $2))
                """,
                self._holder,
                _MINUTES,
            )

    async def renew(self) -> None:
        """Raises BackupError where it has ended meanwhile: what is needed may have been deleted."""
        async with connected(self._server, self._server.database) as connection:
            held = await connection.fetchval(
                """
                update files.collection_hold set until = now() + make_interval(mins => $2)
                where holder = $1 and until > now() returning true
                """,
                self._holder,
                _MINUTES,
            )
        if not held:
            raise BackupError("The database was away for so long that files may have been deleted: begin again.")

    async def release(self) -> None:
        async with connected(self._server, self._server.database) as connection:
            await connection.execute("delete from files.collection_hold where holder = $1", self._holder)


@asynccontextmanager
async def held(server: Server, holder: str) -> AsyncIterator[Hold]:
    """Hold while the block runs. Call `renew` when all is copied: where it doesn't raise, nothing was deleted."""
    hold = Hold(server, holder)
    await hold.take()
    task = asyncio.create_task(_keep(hold), name="hold")
    try:
        yield hold
    finally:
        task.cancel()
        await asyncio.wait({task})
        with suppress(BackupError):  # it ends by itself
            await hold.release()


async def _keep(hold: Hold) -> None:
    while True:
        await asyncio.sleep(_RENEW)
        with suppress(BackupError):  # the next may succeed in time; if none does, the last look tells
            await hold.renew()
