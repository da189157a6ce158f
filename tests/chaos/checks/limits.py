"""Limits: exactly N pass, and where counts are lost no more than what is promised for that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.chaos.history import Burst, History


@dataclass(frozen=True, slots=True)
class CountsLost:
    """From when to when Valkey was away or had forgotten: `since` and `until` are the same for a mere flush."""

    since: float
    until: float


def wrong_limits(history: History, lost: Sequence[CountsLost], gateways: int) -> Iterator[str]:
    for burst in history.bursts:
        least, most = _bounds(burst, [each for each in lost if _meets(burst, each)], gateways)
        if burst.passed > most:
            yield f"{burst.passed} of a burst passed a limit of {burst.limit}; at most {most} may"
        if burst.passed + burst.failed < least:
            yield f"only {burst.passed} of a burst passed a limit of {burst.limit}, {burst.refused} were refused"


def _meets(burst: Burst, loss: CountsLost) -> bool:
    return burst.sent <= loss.until and burst.ended >= loss.since


def _bounds(burst: Burst, lost: Sequence[CountsLost], gateways: int) -> tuple[int, int]:
    """Return the fewest and the most that may pass.

    Counts that are lost begin anew: in each gateway's memory while Valkey is away, and in Valkey before and after. What
    is strict each gateway counts for itself too, so that it never lets more than N through.
    """
    total = burst.passed + burst.refused + burst.failed
    least = min(burst.limit, total)
    if not lost:
        return least, burst.limit
    most = burst.limit * (gateways if burst.strict else gateways + 1 + len(lost))
    return least, most
