"""What all workers have measured together.

Counters and histograms are added up, and what a worker had counted stays in the sum when it is gone. Gauges are of the
workers that answer: added up too, but for those in `_JOINED`. Pure: the caller fetches the snapshots.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from operator import add

from prometheus_client import Metric
from prometheus_client.core import Exemplar

from gateway.workers.samples import Family, Sample, SeenTrace, Snapshot
from shared.loop_metrics import TRACE_ID

_CUMULATIVE = frozenset(("counter", "histogram", "summary"))

Join = Callable[[float, float], float]
_Labels = tuple[tuple[str, str], ...]
_Seen = dict[tuple[str, _Labels], Sample]

# Where a sum would say nothing: facts that all share are told once, and of what may be lost the worst.
_JOINED: Mapping[str, Join] = {
    "build_info": max,
    "python_info": max,
    "readiness_check_ok": min,
    "gateway_upstream_instance_up": min,
    "gateway_routes_in_force": min,
    "gateway_valkey_up": min,
    "gateway_cache_up": min,
    "gateway_revocation_feed_connected": min,
    "gateway_revocation_feed_silence_seconds": max,
    "gateway_revoked_sessions": max,
    "event_lag_seconds": max,
    "gateway_tls_certificate_expiry_timestamp_seconds": min,
    "process_start_time_seconds": min,
}


class Totals:
    """`note` each snapshot under its worker's name; a new process of that name takes the old one's place."""

    def __init__(self) -> None:
        self._latest: dict[str, Snapshot] = {}
        self._answering: set[str] = set()
        self._ended: dict[str, Family] = {}

    def note(self, worker: str, snapshot: Snapshot | None) -> None:
        """`None`: it doesn't answer, and has no gauges now; its counters stay."""
        if snapshot is None:
            self._answering.discard(worker)
            return
        before = self._latest.get(worker)
        if before is not None and before.pid != snapshot.pid:
            self._keep(before)
        self._latest[worker] = snapshot
        self._answering.add(worker)

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics, as prometheus_client's exposition asks a registry for them."""
        yield from (_metric(family) for family in self._joined(self._families()).values())

    def _keep(self, snapshot: Snapshot) -> None:
        gone = (family for family in snapshot.families if family.kind in _CUMULATIVE)
        self._ended = self._joined(chain(self._ended.values(), gone))

    def _families(self) -> Iterator[Family]:
        yield from self._ended.values()
        for worker, snapshot in self._latest.items():
            answers = worker in self._answering
            yield from (family for family in snapshot.families if answers or family.kind in _CUMULATIVE)

    @staticmethod
    def _joined(families: Iterable[Family]) -> dict[str, Family]:
        first: dict[str, Family] = {}
        seen: dict[str, _Seen] = {}
        for family in families:
            first.setdefault(family.name, family)
            _add(seen.setdefault(family.name, {}), family)
        return {
            name: Family(name, family.documentation, family.kind, [*seen[name].values()])
            for name, family in first.items()
        }


def _add(seen: _Seen, family: Family) -> None:
    join = _JOINED.get(family.name, add)
    for sample in family.samples:
        key = (sample.name, tuple(sample.labels.items()))
        before = seen.get(key)
        seen[key] = sample if before is None else _join(before, sample, join)


def _join(one: Sample, other: Sample, join: Join) -> Sample:
    exemplars = [each.exemplar for each in (one, other) if each.exemplar is not None]
    newest = max(exemplars, key=_moment, default=None)
    return Sample(one.name, one.labels, join(one.value, other.value), newest)


def _moment(exemplar: SeenTrace) -> float:
    return exemplar[2]


def _metric(family: Family) -> Metric:
    metric = Metric(family.name, family.documentation, family.kind)
    for sample in family.samples:
        metric.add_sample(sample.name, sample.labels, sample.value, exemplar=_exemplar(sample))
    return metric


def _exemplar(sample: Sample) -> Exemplar | None:
    if sample.exemplar is None:
        return None
    trace_id, value, moment = sample.exemplar
    return Exemplar({TRACE_ID: trace_id}, value, moment)
