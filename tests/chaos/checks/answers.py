"""Answers: which failures a fault excuses, how long something didn't work, and how soon it worked again."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.chaos.history import NO_ANSWER, Exchange

UNAVAILABLE = frozenset({503})
CUT = frozenset({502, 503, 504})  # also what a process's end does to requests that it had been given already
GATEWAY_CUT = CUT | {NO_ANSWER}


@dataclass(frozen=True, slots=True)
class Excuse:
    """Failures that may be, of requests that weren't over before `since` and began before `until`.

    `kinds`: of these kinds of request alone; empty for all.
    """

    since: float
    until: float
    statuses: frozenset[int] = UNAVAILABLE
    kinds: frozenset[str] = frozenset()

    def covers(self, exchange: Exchange) -> bool:
        return (
            exchange.ended >= self.since
            and exchange.sent <= self.until
            and exchange.status in self.statuses
            and (not self.kinds or exchange.kind in self.kinds)
        )


def at(moment: float, statuses: frozenset[int] = CUT, kinds: frozenset[str] = frozenset()) -> Excuse:
    """Excuse what was under way at one moment, and nothing else."""
    return Excuse(moment, moment, statuses, kinds)


def unexcused(exchanges: Sequence[Exchange], excuses: Sequence[Excuse]) -> Iterator[str]:
    """Yield whatever no client should have been told."""
    for exchange in exchanges:
        if exchange.failed and not any(excuse.covers(exchange) for excuse in excuses):
            yield f"a failure without excuse: {exchange}"
        if not exchange.failed and not exchange.expected:
            yield f"an answer that can't be right: {exchange}"


def excused(exchanges: Sequence[Exchange], excuses: Sequence[Excuse]) -> int:
    return sum(exchange.failed and any(excuse.covers(exchange) for excuse in excuses) for exchange in exchanges)


def too_slow(exchanges: Sequence[Exchange], seconds: float) -> Iterator[str]:
    for exchange in exchanges:
        if exchange.ended - exchange.sent > seconds:
            yield f"{exchange.ended - exchange.sent:.1f} s for {exchange}"


def longest_unavailability(exchanges: Sequence[Exchange]) -> tuple[float, str]:
    """Return for how long, and for which kind, every request failed: from the first failure to the next success."""
    longest = (0.0, "")
    for kind, own in _by_kind(exchanges).items():
        since: float | None = None
        for exchange in own:
            if exchange.failed:
                since = exchange.sent if since is None else since
            elif since is not None:
                longest = max(longest, (exchange.ended - since, kind))
                since = None
        if since is not None:
            longest = max(longest, (own[-1].ended - since, kind))
    return longest


def _by_kind(exchanges: Sequence[Exchange]) -> dict[str, list[Exchange]]:
    found: defaultdict[str, list[Exchange]] = defaultdict(list)
    for exchange in sorted(exchanges, key=lambda exchange: exchange.ended):
        found[exchange.kind].append(exchange)
    return found
