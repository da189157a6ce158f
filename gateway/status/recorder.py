"""A quarter of an hour of the gateway's own numbers, kept whether or not anybody looks: some 40 kB."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from prometheus_client import REGISTRY, Metric

from gateway.status.reading import Reading, of_clients

EVERY = 15.0  # seconds
MINUTES = 15
_KEPT = int(MINUTES * 60 / EVERY) + 1

REQUESTS, IN_FLIGHT = "http_request_duration_seconds", "http_requests_in_flight"
LIMITS, LAG = "gateway_limit_decisions", "event_loop_lag_seconds"
_FAMILIES = frozenset((REQUESTS, IN_FLIGHT, LIMITS, LAG))

Source = Callable[[], Iterable[Metric]]


class Point(NamedTuple):
    """`seconds` and `lag` are buckets: how many were at most as long as each bound, which are always the same."""

    at: float
    failed: float  # answered with 5xx
    limited: float
    in_flight: float
    seconds: tuple[float, ...]
    lag: tuple[float, ...]

    @property
    def requests(self) -> float:
        return self.seconds[-1] if self.seconds else 0.0


def own_metrics() -> Iterable[Metric]:
    """Return the metrics of this process that are recorded."""
    names = [f"{REQUESTS}_bucket", f"{REQUESTS}_count", IN_FLIGHT, f"{LIMITS}_total", f"{LAG}_bucket"]
    return REGISTRY.restricted_registry(names).collect()


class Recorder:
    """`source` tells this gateway's metrics: of this process, or of all workers together."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.points: deque[Point] = deque(maxlen=_KEPT)
        self.bounds: tuple[float, ...] = ()
        self.lag_bounds: tuple[float, ...] = ()

    async def note(self) -> None:
        self.points.append(self.now())

    def now(self) -> Point:
        families = (family for family in self._source() if family.name in _FAMILIES)
        samples = ((sample.name, sample.labels, sample.value) for family in families for sample in family.samples)
        reading = Reading(time.monotonic(), of_clients(samples))
        seconds, lag = reading.buckets(REQUESTS), reading.buckets(LAG)
        self.bounds, self.lag_bounds = tuple(seconds), tuple(lag)
        statuses = reading.by(f"{REQUESTS}_count", "status")
        return Point(
            at=reading.at,
            failed=sum(count for status, count in statuses.items() if status.startswith("5")),
            limited=reading.total(f"{LIMITS}_total", outcome="limited"),
            in_flight=reading.total(IN_FLIGHT),
            seconds=tuple(seconds.values()),
            lag=tuple(lag.values()),
        )
