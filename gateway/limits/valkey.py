"""Counting in Valkey, which all gateways share: one script call per subject, many calls in one burst.

Bursts go over one connection of redis-py, one at a time, without its pool and pipeline: those cost more per burst
than all the rest of a check.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hiredis import pack_command
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, ResponseError

from gateway.limits.policy import LimitClass
from gateway.limits.verdict import MS, Standing, Verdict, verdict
from gateway.limits.window import Counters, Window

_pack: Callable[[tuple[bytes | str | int, ...]], bytes] = pack_command  # type: ignore[assignment]  # its stub takes one word only
_SCRIPT = (Path(__file__).parent / "sliding_window.lua").read_bytes()
_SCRIPT_ID = hashlib.sha1(_SCRIPT, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Call:
    limit: LimitClass
    subject: str
    cost: int

    @property
    def key(self) -> str:
        return f"limit:{{{self.subject}}}:{self.limit.name}"

    def packed(self) -> bytes:
        return _pack(("EVALSHA", _SCRIPT_ID, 1, self.key, self.cost, *self.limit.script_arguments))


class ValkeyCounters:
    """Fails with RedisError or OSError; connects, and connects again, when it is next used."""

    def __init__(self, url: str) -> None:
        # No retries: a burst whose answer was lost may have been counted. The caller brings the time-out.
        pool = ConnectionPool.from_url(url, protocol=3, retry=Retry(NoBackoff(), 0), socket_timeout=None)
        self._connect: Callable[[], AbstractConnection] = pool.make_connection
        self._connection: AbstractConnection = self._connect()  # type: ignore[no-untyped-call]  # redis-py's

    async def count(self, calls: Sequence[Call]) -> list[Verdict]:
        """Count each call that its limit allows. Not to be called again before it is done."""
        answers = await self._burst([call.packed() for call in calls])
        unknown = [i for i, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:  # a restart or SCRIPT FLUSH forgot it
            again = [_pack(("SCRIPT", "LOAD", _SCRIPT)), *(calls[i].packed() for i in unknown)]
            for i, answer in zip(unknown, (await self._burst(again))[1:], strict=True):
                answers[i] = answer
        return [_verdict(call, answer) for call, answer in zip(calls, answers, strict=True)]

    async def look(self, call: Call) -> Verdict:
        """What `count` would say, read only, over a connection of its own: bursts have theirs to themselves."""
        lengths = [rate.window_seconds * MS for rate in call.limit.rates]
        connection = self._connect()
        try:
            await connection.send_packed_command(_pack(("TIME",)) + _pack(("HMGET", call.key, *lengths)))
            seconds, micros = await connection.read_response(disable_decoding=True)
            stored = await connection.read_response(disable_decoding=True)
        finally:
            await connection.disconnect()
        counts = [(length, each.split()) for length, each in zip(lengths, stored, strict=True) if each]
        windows = [Window(length, *map(int, numbers)) for length, numbers in counts]
        now = int(seconds) * MS + int(micros) // MS
        return Counters(windows).check(call.limit, now, call.cost, count=False)

    async def aclose(self) -> None:
        await self._connection.disconnect()

    async def _burst(self, commands: Sequence[bytes]) -> list[object]:
        """Every command's answer, in order. All are read, errors too, so that none is left for the next burst."""
        connection = self._connection
        await connection.send_packed_command(b"".join(commands), check_health=False)
        answers: list[object] = []
        for _ in commands:
            try:
                answers.append(await connection.read_response(disable_decoding=True))
            except ResponseError as exc:
                answers.append(exc)
        return answers


def _verdict(call: Call, answer: object) -> Verdict:
    if isinstance(answer, ResponseError):
        raise answer
    assert isinstance(answer, list)  # as the script returns it
    allowed, *numbers = answer
    standings = [Standing(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
    return verdict(call.limit, standings, allowed=bool(allowed))
