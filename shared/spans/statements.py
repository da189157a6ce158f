"""Notes each statement by the name of whatever asks it, `ProfileRepository.find`: its text may tell of people."""

import sys
from collections.abc import Awaitable
from time import perf_counter
from typing import Any, TypeVar

from shared.pool import Connection
from shared.spans.recorder import note

T = TypeVar("T")

_OURS = frozenset(("shared.db", __name__))
_TRANSACTION = "asyncpg.transaction"
_SYSTEM = {"db.system.name": "postgresql"}


def noting(kind: type[Connection]) -> type[Connection]:
    """Return a connection as `kind` that notes what it is asked."""

    class Noting(kind):  # type: ignore[valid-type, misc]  # a class like any other to Python
        async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
            return await _noted(_name(query), super().fetch(query, *args, **options))

        async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
            return await _noted(_name(query), super().fetchrow(query, *args, **options))

        async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
            return await _noted(_name(query), super().fetchval(query, *args, **options))

        async def execute(self, query: str, *args: Any, **options: Any) -> Any:
            return await _noted(_name(query), super().execute(query, *args, **options))

    return Noting


async def _noted(name: str, answer: Awaitable[T]) -> T:
    started = perf_counter()
    try:
        return await answer
    finally:
        note(name, "client", started, **_SYSTEM)


def _name(query: str) -> str:
    """Return who asks: the innermost function that isn't of the pool. For what transactions ask, its first word."""
    frame = sys._getframe(2)  # noqa: SLF001  the one way to know one's caller
    if frame.f_globals["__name__"] == _TRANSACTION:
        return query.partition(" ")[0].rstrip(";").lower()
    while frame.f_globals["__name__"] in _OURS and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_qualname
