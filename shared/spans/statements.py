"""Notes each statement by the name of whatever asks it, `ProfileRepository.find`: its text may tell of people."""

import sys
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from shared.pool import Connection
from shared.spans.recorder import MOST_SPANS
from shared.tracing import HOP, Span

Ask = Callable[..., Awaitable[Any]]

_OURS = frozenset(("shared.db", __name__))
_TRANSACTION = "asyncpg.transaction"
_SYSTEM: dict[str, str | int] = {"db.system.name": "postgresql"}
_METHODS = ("fetch", "fetchrow", "fetchval", "execute")


def noting(kind: type[Connection]) -> type[Connection]:
    """Return a connection as `kind` that notes what it is asked."""
    return type("Noting", (kind,), {name: _noting(getattr(kind, name)) for name in _METHODS})


def _noting(method: Ask) -> Ask:
    async def ask(self: Connection, query: str, *args: Any, **options: Any) -> Any:
        hop = HOP.get()
        spans = None if hop is None else hop.spans
        if spans is None or len(spans) >= MOST_SPANS:
            return await method(self, query, *args, **options)
        name, started = _name(query), perf_counter()
        try:
            return await method(self, query, *args, **options)
        finally:
            spans.append(Span(name, "client", started, perf_counter(), _SYSTEM))

    return ask


def _name(query: str) -> str:
    """Return who asks: the innermost function that isn't of the pool. For what transactions ask, its first word."""
    frame = sys._getframe(2)  # noqa: SLF001  the one way to know one's caller
    if frame.f_globals["__name__"] == _TRANSACTION:
        return query.partition(" ")[0].rstrip(";").lower()
    while frame.f_globals["__name__"] in _OURS and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_qualname
