"""Counting in Valkey, which all gateways share: one script call per subject, many calls in one burst."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from hiredis import ReplyError

from gateway.limits.connection import Answer, ValkeyConnection, packed
from gateway.limits.policy import LimitClass
from gateway.limits.verdict import MS, Standing, Verdict, verdict
from gateway.limits.window import Counters, Window

_SCRIPT = (Path(__file__).parent / "sliding_window.lua").read_bytes()
_SCRIPT_ID = hashlib.sha1(_SCRIPT, usedforsecurity=False).hexdigest()
_KEY = b"$%d\r\n%b\r\n"


class Call(NamedTuple):
    limit: LimitClass
    subject: str
    cost: int

    @property
    def key(self) -> bytes:
        return f"limit:{{{self.subject}}}:{self.limit.name}".encode()

    def packed(self) -> bytes:
        before, after = _around_key(self.limit, self.cost)
        key = self.key
        return before + _KEY % (len(key), key) + after


@lru_cache(maxsize=256)
def _around_key(limit: LimitClass, cost: int) -> tuple[bytes, bytes]:
    """What stands before and after the key in all calls of a kind, packed once."""
    before, after = packed("EVALSHA", _SCRIPT_ID, 1, "", cost, *limit.script_arguments).split(_KEY % (0, b""))
    return before, after


class ValkeyCounters:
    """Fails with OSError or ReplyError; connects, and connects again, when it is next used."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection = ValkeyConnection(url)

    async def count(self, calls: Sequence[Call]) -> list[Verdict]:
        """Count each call that its limit allows. Not to be called again before it is done.

        Nothing is sent a second time: a burst whose answers were lost may have been counted.
        """
        answers = await self._connection.burst([call.packed() for call in calls])
        unknown = [i for i, answer in enumerate(answers) if _is_unknown(answer)]
        if unknown:  # a restart or SCRIPT FLUSH forgot it
            again = [packed("SCRIPT", "LOAD", _SCRIPT), *(calls[i].packed() for i in unknown)]
            for i, answer in zip(unknown, (await self._connection.burst(again))[1:], strict=True):
                answers[i] = answer
        return [_verdict(call, answer) for call, answer in zip(calls, answers, strict=True)]

    async def look(self, call: Call) -> Verdict:
        """What `count` would say, read only, over a connection of its own: bursts have theirs to themselves."""
        lengths = [rate.window_seconds * MS for rate in call.limit.rates]
        connection = ValkeyConnection(self._url)
        try:
            time, stored = await connection.burst([packed("TIME"), packed("HMGET", call.key, *lengths)])
        finally:
            connection.close()
        for answer in (time, stored):
            if isinstance(answer, ReplyError):
                raise answer
        assert isinstance(time, list)
        assert isinstance(stored, list)
        counts = [(length, each.split()) for length, each in zip(lengths, stored, strict=True) if each]
        windows = [Window(length, *map(int, numbers)) for length, numbers in counts]
        seconds, micros = map(int, time)
        return Counters(windows).check(call.limit, seconds * MS + micros // MS, call.cost, count=False)

    def close(self) -> None:
        self._connection.close()


def _is_unknown(answer: Answer) -> bool:
    return isinstance(answer, ReplyError) and str(answer).startswith("NOSCRIPT")


def _verdict(call: Call, answer: Answer) -> Verdict:
    if isinstance(answer, ReplyError):
        raise answer
    assert isinstance(answer, list)  # as the script returns it
    allowed, *numbers = answer
    if len(numbers) == 2:  # noqa: PLR2004  one rate, as most classes have
        return verdict(call.limit, (Standing(*numbers),), allowed=bool(allowed))
    standings = [Standing(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
    return verdict(call.limit, standings, allowed=bool(allowed))
