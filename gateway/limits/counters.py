"""Counting in Valkey, which all gateways share: one script call per subject, many calls in one burst."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from hiredis import ReplyError

from gateway.limits.policy import LimitClass
from gateway.limits.verdict import MS, Standing, Verdict, verdict
from gateway.limits.window import Counters, Window
from gateway.valkey.budget import within_budget
from gateway.valkey.connection import Answer, ValkeyConnection, packed
from gateway.valkey.place import Place

_SCRIPT = (Path(__file__).parent / "sliding_window.lua").read_bytes()
_SCRIPT_ID = hashlib.sha1(_SCRIPT, usedforsecurity=False).hexdigest()
_KEY = b"$%d\r\n%b\r\n"
_LOAD, _ASKING, _PING = packed("SCRIPT", "LOAD", _SCRIPT), packed("ASKING"), packed("PING")


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
    """Fails with OSError, TimeoutError or ReplyError; connects, and connects again, when it is next used."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._connection = ValkeyConnection(place)

    async def count(self, calls: Sequence[Call]) -> list[Verdict]:
        """Count each call that its limit allows, within the budget. Not to be called again before it is done."""
        answers = await within_budget(self.ask(calls))
        return [verdict_of(call, answer) for call, answer in zip(calls, answers, strict=True)]

    async def ask(self, calls: Sequence[Call]) -> list[Answer]:
        """Return what Valkey says of each call; `verdict_of` reads it.

        Nothing is sent a second time: a burst whose answers were lost may have been counted.
        """
        answers = await self._connection.burst([call.packed() for call in calls])
        unknown = [i for i, answer in enumerate(answers) if _is_unknown(answer)]
        if unknown:  # a restart or SCRIPT FLUSH forgot it
            again = [_LOAD, *(calls[i].packed() for i in unknown)]
            for i, answer in zip(unknown, (await self._connection.burst(again))[1:], strict=True):
                answers[i] = answer
        return answers

    async def ask_as_told(self, call: Call) -> Answer:
        """Ask a node of a cluster that gets the key's slot at this moment, and has it only for who says so."""
        return (await self._connection.burst([_LOAD, _ASKING, call.packed()]))[-1]

    async def reach(self) -> None:
        """Raises OSError where there is no answer to anything."""
        await self._connection.burst([_PING])

    async def look(self, call: Call) -> Verdict:
        """What `count` would say, read only, over a connection of its own: bursts have theirs to themselves."""
        lengths = [rate.window_seconds * MS for rate in call.limit.rates]
        connection = ValkeyConnection(self._place)
        try:
            commands = [packed("TIME"), packed("HMGET", call.key, *lengths)]
            time, stored = await within_budget(connection.burst(commands))
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

    async def aclose(self) -> None:
        self._connection.close()


def _is_unknown(answer: Answer) -> bool:
    return isinstance(answer, ReplyError) and str(answer).startswith("NOSCRIPT")


def verdict_of(call: Call, answer: Answer) -> Verdict:
    """Raises ReplyError where Valkey refused the call."""
    if isinstance(answer, ReplyError):
        raise answer
    assert isinstance(answer, list)  # as the script returns it
    allowed, *numbers = answer
    if len(numbers) == 2:  # noqa: PLR2004  one rate, as most classes have
        return verdict(call.limit, (Standing(*numbers),), allowed=bool(allowed))
    standings = [Standing(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
    return verdict(call.limit, standings, allowed=bool(allowed))
