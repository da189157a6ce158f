"""One asyncpg pool's lifetime. Every wait is bounded, and a store that is away becomes `Unavailable` (503)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import asyncpg
from asyncpg import Record

from shared.errors import Unavailable
from shared.metrics import POOL_CONNECTIONS
from shared.settings import DatabaseSettings

if TYPE_CHECKING:
    Connection = asyncpg.pool.PoolConnectionProxy[Record]
    DirectConnection = asyncpg.Connection[Record]
    Pool = asyncpg.Pool[Record]
else:  # they are generic in the stubs only
    Connection = asyncpg.pool.PoolConnectionProxy
    DirectConnection = asyncpg.Connection
    Pool = asyncpg.Pool

# What asyncpg raises when the server is gone, starting, stopping, stuck, full or not migrated yet: all of it passes.
_AWAY = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.TooManyConnectionsError,
    asyncpg.OutOfMemoryError,
    asyncpg.InternalClientError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
)


def is_away(exc: BaseException) -> bool:
    """Tell whether a failure means that the database is lost for now, rather than that we asked it nonsense."""
    if isinstance(exc, asyncpg.InterfaceError):  # "connection is closed"; a bad argument is a ValueError too
        return not isinstance(exc, ValueError)
    return isinstance(exc, _AWAY)


class _Connection(DirectConnection):
    def get_reset_query(self) -> str:
        """Skip the round trip that resets a session: nothing of ours is bound to a connection."""
        return ""


class Database:
    """The pool, with the query methods that a connection has, so that a repository takes either."""

    def __init__(self, pool: Pool, timeout: float) -> None:
        self._pool = pool
        self._timeout = timeout

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection. Raises Unavailable when there is none to be had, or when it is lost meanwhile."""
        try:
            connection = await self._pool.acquire(timeout=self._timeout)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
            raise Unavailable("The database can't be reached.") from exc
        try:
            yield connection
        except Exception as exc:
            if is_away(exc):
                raise Unavailable("The database doesn't answer.") from exc
            raise
        finally:
            await self._release(connection)

    async def _release(self, connection: Connection) -> None:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # a lost one is dropped by the pool
            await self._pool.release(connection, timeout=self._timeout)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Commit on a clean exit, roll back on an exception."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def fetch(self, sql: str, *args: Any) -> list[Record]:
        async with self.connection() as connection:
            return await connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Record | None:
        async with self.connection() as connection:
            return await connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        async with self.connection() as connection:
            return await connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        async with self.connection() as connection:
            return await connection.execute(sql, *args)


Db = Database | Connection


@asynccontextmanager
async def open_database(settings: DatabaseSettings) -> AsyncIterator[Database]:
    """Open a pool that connects on first use, so that a program starts while its database is still away."""
    pool = asyncpg.create_pool(
        settings.url.reveal(),
        min_size=0,
        max_size=settings.pool_size,
        timeout=settings.timeout,
        command_timeout=settings.timeout,
        connection_class=_Connection,
    )
    await pool
    POOL_CONNECTIONS.labels("open").set_function(pool.get_size)
    POOL_CONNECTIONS.labels("idle").set_function(pool.get_idle_size)
    try:
        yield Database(pool, settings.timeout)
    finally:
        try:
            await asyncio.wait_for(pool.close(), settings.timeout)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            pool.terminate()
