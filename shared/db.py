"""One asyncpg pool's lifetime. Every wait is bounded, and a store that is away becomes `Unavailable` (503)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import asyncpg
from asyncpg import Record
from asyncpg.transaction import Transaction

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

# What asyncpg raises when the server is gone, starting, stopping, stuck or full, or when others were in the way. All of
# it passes by itself, so asking again is right.
_AWAY = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutdown, crash, start, statement_timeout
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,  # its disk
    asyncpg.TransactionRollbackError,  # deadlock
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # it has become a standby
    asyncpg.InvalidCachedStatementError,  # a migration changed a table under a prepared statement
    asyncpg.InternalClientError,
)
_FAREWELL = 1.0  # seconds for cancelling and rolling back what has failed; after that the connection is dropped
_FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def is_away(exc: BaseException) -> bool:
    """Tell whether a failure means that the database is lost for now, rather than that we asked it nonsense."""
    return isinstance(exc, _AWAY)


_IDLE_SECONDS = 60.0  # an idle connection costs PostgreSQL 2 MB


class _Connection(DirectConnection):
    def get_reset_query(self) -> str:
        """Skip the round trip that resets a session: nothing of ours is bound to a connection."""
        return ""


class Database:
    """The pool, with the query methods that a connection has, so that a repository takes either."""

    def __init__(self, pool: Pool, timeout: float) -> None:
        self._pool = pool
        self._timeout = timeout
        self._farewell = min(timeout, _FAREWELL)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection. Raises Unavailable when there is none to be had, or when it is lost meanwhile."""
        try:
            connection = await self._pool.acquire(timeout=self._timeout)
        except _FAILURES as exc:
            raise Unavailable("The database can't be reached.") from exc
        try:
            yield connection
        except Exception as exc:
            if is_away(exc) or (isinstance(exc, asyncpg.InterfaceError) and _is_lost(connection)):
                raise Unavailable("The database doesn't answer.") from exc
            if isinstance(exc, asyncpg.PostgresError):
                exc.detail = None  # it quotes the row, and nobody's data belongs into a log
            raise
        finally:
            await self._release(connection)

    async def _release(self, connection: Connection) -> None:
        with suppress(*_FAILURES):  # a lost one is dropped by the pool
            await self._pool.release(connection, timeout=self._farewell)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Commit on a clean exit, roll back on an exception."""
        async with self.connection() as connection:
            transaction = connection.transaction()
            try:
                await transaction.start()
                yield connection
                await transaction.commit()
            except BaseException:
                await self._roll_back(connection, transaction)
                raise

    async def _roll_back(self, connection: Connection, transaction: Transaction) -> None:
        """Roll back, or drop a connection that takes long: the server rolls back whatever it loses."""
        try:
            async with asyncio.timeout(self._farewell):
                await transaction.rollback()
        except _FAILURES:
            with suppress(asyncpg.InterfaceError):  # the pool has already taken it back
                connection.terminate()

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


def _is_lost(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # the pool has already taken it back
        return True


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
        max_inactive_connection_lifetime=_IDLE_SECONDS,
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
        except _FAILURES:
            pool.terminate()
