"""Which instance gets a request: the best standing, then the fewest requests in flight, then chance. No I/O here."""

import random
from collections.abc import Collection, Iterable

from gateway.upstreams.health import Standing
from gateway.upstreams.instance import Instance


def choose(
    instances: Iterable[Instance], now: float, *, repeatable: bool, tried: Collection[Instance] = ()
) -> Instance | None:
    """Return the instance, or None if all are out, full, or were tried."""
    best = equals(instances, now, repeatable=repeatable, tried=tried)
    if len(best) < 2:  # noqa: PLR2004  one or none needs no lot
        return best[0] if best else None
    return random.choice(best)  # noqa: S311  a lot among equals, no secret


def equals(
    instances: Iterable[Instance], now: float, *, repeatable: bool, tried: Collection[Instance] = ()
) -> list[Instance]:
    """Return those among which the lot decides."""
    best: list[Instance] = []
    best_rank = (Standing.OUT, 0)
    for instance in instances:
        if instance.is_full or instance in tried:
            continue
        rank = (instance.health.standing(now, repeatable=repeatable), instance.in_flight)
        if rank < best_rank:
            best, best_rank = [instance], rank
        elif rank == best_rank and best:
            best.append(instance)
    return best


def any_in(instances: Iterable[Instance], now: float, *, repeatable: bool, tried: Collection[Instance] = ()) -> bool:
    """Whether one that wasn't tried would take the request, now or as soon as it has room."""
    return any(
        instance.health.standing(now, repeatable=repeatable) < Standing.OUT
        for instance in instances
        if instance not in tried
    )
