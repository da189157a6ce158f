"""One connection of redis-py's, with answers of any length: each is waited for, and not all together."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from hiredis import pack_command
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

Command = tuple[bytes | str | int, ...]
Within = Callable[[Awaitable[Any]], Awaitable[Any]]
_pack: Callable[[Command], bytes] = pack_command  # type: ignore[assignment]  # its stub takes one word only


class RedisConnection:
    """Connects when it is first used, and again after each failure. `within` bounds the wait for each answer."""

    def __init__(self, url: str, within: Within) -> None:
        pool = ConnectionPool.from_url(url, protocol=3, retry=Retry(NoBackoff(), 0), socket_timeout=None)
        self._connection: AbstractConnection = pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py's
        self._within = within

    async def burst(self, commands: Sequence[Command]) -> list[Any]:
        """Return all answers in order. Raises OSError (whatever redis-py has to say, too) or TimeoutError."""
        try:
            return await self._burst(commands)
        except RedisError as exc:
            raise ConnectionError(repr(exc)) from exc

    async def _burst(self, commands: Sequence[Command]) -> list[Any]:
        connection = self._connection
        packed = [_pack(command) for command in commands]
        await self._within(connection.send_packed_command(packed, check_health=False))
        answers: list[Any] = []
        refusal: ResponseError | None = None
        for _ in commands:  # all are read, refusals too, so that none is left for the next burst
            try:
                answers.append(await self._within(connection.read_response(disable_decoding=True)))
            except ResponseError as exc:
                refusal = exc
        if refusal is not None:
            raise refusal
        return answers

    async def aclose(self) -> None:
        await self._connection.disconnect()
