"""The database as repositories see it. Every wait is bounded, and a store that is away becomes `Unavailable` (503)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncpg
from asyncpg import Record
from asyncpg.transaction import Transaction

from shared.errors import Unavailable
from shared.pool import Connection, Pool
from shared.pool_metrics import FAILURES, watch
from shared.settings import DatabaseSettings, Secret
from shared.spans.recorder import recorder
from shared.spans.statements import noting

__all__ = ["Connection", "Database", "Db", "DirectConnection", "connect", "is_away", "open_database"]

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
_IN_THE_WAY = (asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError)
DirectConnection = Connection
T = TypeVar("T")

_FAREWELL = 1.0  # seconds for cancelling and rolling back what has failed; after that the connection is dropped
_FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def is_away(exc: BaseException) -> bool:
    """Tell whether a failure means that the database is lost for now, rather than that we asked it nonsense."""
    return isinstance(exc, _AWAY)


async def connect(url: Secret, **options: Any) -> Connection:
    """Connect, where `url` may be several with white space between: while a password is changed, there are two.

    The next one is tried where the server refuses who comes, and for nothing else.
    """
    *others, last = url.reveal().split()
    for each in others:
        with suppress(asyncpg.InvalidAuthorizationSpecificationError):
            return await asyncpg.connect(each, **options)
    return await asyncpg.connect(last, **options)


class _Connection(DirectConnection):
    def get_reset_query(self) -> str:
        """Return what shows, after a failure, that a connection is of use: nothing of ours is bound to one."""
        return "select"


class Database:
    """The pool, with the query methods that a connection has, so that a repository takes either."""

    def __init__(self, pool: Pool, timeout: float, kind: type[Connection] = DirectConnection) -> None:
        self._pool = pool
        self._kind = kind
        self._farewell = min(timeout, _FAREWELL)
        self._restoring: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection. Raises Unavailable when there is none to be had, or when it is lost meanwhile."""
        connection = await self._acquire()
        try:
            yield connection
        except BaseException as exc:
            await self._take_back(connection, exc)
            raise
        await self._take_back(connection)

    async def _acquire(self) -> Connection:
        try:
            return await self._pool.acquire()
        except _FAILURES as exc:
            raise Unavailable("The database can't be reached.") from exc

    async def _take_back(self, connection: Connection, exc: BaseException | None = None) -> None:
        """Return the connection to the pool. Raises Unavailable where `exc` means that."""
        lost = connection.is_closed()
        away = exc is not None and (is_away(exc) or (lost and isinstance(exc, asyncpg.InterfaceError)))
        if not lost and (away or isinstance(exc, asyncio.CancelledError) or connection.is_in_transaction()):
            await self._restore(connection)
        else:
            self._pool.release(connection)
        if away:
            FAILURES.labels("conflict" if isinstance(exc, _IN_THE_WAY) else "lost").inc()
            raise Unavailable("The database doesn't answer.") from exc
        if isinstance(exc, asyncpg.PostgresError):
            exc.detail = None  # it quotes the row, and nobody's data belongs into a log

    async def _restore(self, connection: Connection) -> None:
        """Return a connection on which something is still to end, whoever is cancelled meanwhile."""
        task = asyncio.create_task(self._reset(connection))
        self._restoring.add(task)
        task.add_done_callback(self._restoring.discard)
        await asyncio.shield(task)

    async def _reset(self, connection: Connection) -> None:
        """End what is under way, or drop a connection that takes long: the server rolls back whatever it loses."""
        try:
            await connection.reset(timeout=self._farewell)
        except _FAILURES:
            connection.terminate()
        finally:
            self._pool.release(connection)

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
        """Roll back, or drop a connection that takes long, as above."""
        try:
            async with asyncio.timeout(self._farewell):
                await transaction.rollback()
        except _FAILURES:
            connection.terminate()

    async def fetch(self, sql: str, *args: Any) -> list[Record]:
        return await self._ask(self._kind.fetch, sql, args)

    async def fetchrow(self, sql: str, *args: Any) -> Record | None:
        return await self._ask(self._kind.fetchrow, sql, args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        return await self._ask(self._kind.fetchval, sql, args)

    async def execute(self, sql: str, *args: Any) -> str:
        return await self._ask(self._kind.execute, sql, args)

    async def _ask(self, method: Callable[..., Awaitable[T]], sql: str, args: tuple[Any, ...]) -> T:
        """Do what `connection` is for, for one statement, in a third of the time."""
        connection = await self._acquire()
        try:
            answer = await method(connection, sql, *args)
        except BaseException as exc:
            await self._take_back(connection, exc)
            raise
        self._pool.release(connection)
        return answer


Db = Database | Connection


@asynccontextmanager
async def open_database(settings: DatabaseSettings) -> AsyncIterator[Database]:
    """Open a pool that connects on first use, so that a program starts while its database is still away."""

    kind = noting(_Connection) if recorder.is_on else _Connection

    async def open_one(timeout: float) -> Connection:  # noqa: ASYNC109  asyncpg bounds it
        return await connect(settings.url, timeout=timeout, command_timeout=settings.timeout, connection_class=kind)

    pool = Pool(open_one, settings.pool_size, settings.timeout)
    watch(settings.pool_size, pool.open_connections, pool.idle_connections, pool.waiting)
    try:
        yield Database(pool, settings.timeout, kind)
    finally:
        await pool.close()
