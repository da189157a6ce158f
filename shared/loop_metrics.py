"""Counters and histograms that the event loop alone counts with, several times a request.

prometheus_client's take a lock for each step, for the sake of threads; these are its metrics in every other way, and
take a fifth of the time. Scrapes are answered by the same loop.
"""

from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from time import time
from typing import Generic, TypeVar

from prometheus_client import REGISTRY, Metric
from prometheus_client.core import CounterMetricFamily, Exemplar, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

TRACE_ID = "trace_id"  # an exemplar's label, as Grafana looks for it

_Labels = tuple[str, ...]
_Child = TypeVar("_Child")


class _Family(Collector, Generic[_Child]):
    """What is counted by name and labels; a child is made when it is first asked for, and best kept."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str]) -> None:
        self._name = name
        self._documentation = documentation
        self._label_names = tuple(labels)
        self._children: dict[_Labels, _Child] = {}
        REGISTRY.register(self)

    @abstractmethod
    def _new(self) -> _Child: ...

    def labels(self, *values: str) -> _Child:
        child = self._children.get(values)
        if child is None:
            if len(values) != len(self._label_names):
                raise ValueError(f"{self._name} has the labels {self._label_names}")
            child = self._children[values] = self._new()
        return child


class Count:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def inc(self, amount: int = 1) -> None:
        self.value += amount


class LoopCounter(_Family[Count]):
    """`name` without `_total`."""

    def _new(self) -> Count:
        return Count()

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self._name, self._documentation, labels=self._label_names)
        for labels, count in self._children.items():
            family.add_metric(labels, count.value)
        yield family


class Distribution:
    """`exemplars` is the last one of each bucket that has one: the trace, the value, and when."""

    __slots__ = ("_bounds", "counts", "exemplars", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0
        self.exemplars: dict[int, tuple[str, float, float]] = {}

    def observe(self, value: float, trace_id: str = "") -> None:
        bucket = bisect_left(self._bounds, value)
        self.counts[bucket] += 1
        self.sum += value
        if trace_id:
            self.exemplars[bucket] = (trace_id, value, time())

    def exemplar(self, bucket: int) -> Exemplar | None:
        seen = self.exemplars.get(bucket)
        return None if seen is None else Exemplar({TRACE_ID: seen[0]}, *seen[1:])


class LoopHistogram(_Family[Distribution]):
    """`buckets` are the upper bounds, growing, without infinity."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], buckets: Sequence[float]) -> None:
        self._bounds = tuple(buckets)
        self._names = [*map(floatToGoString, self._bounds), "+Inf"]
        super().__init__(name, documentation, labels)

    def _new(self) -> Distribution:
        return Distribution(self._bounds)

    def collect(self) -> Iterator[Metric]:
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._label_names)
        for labels, seen in self._children.items():
            places = enumerate(zip(self._names, accumulate(seen.counts), strict=True))
            buckets = [_bucket(name, count, seen.exemplar(place)) for place, (name, count) in places]
            family.add_metric(labels, buckets, seen.sum)
        yield family


def _bucket(name: str, count: int, exemplar: Exemplar | None) -> tuple[str, float] | tuple[str, float, Exemplar]:
    return (name, count) if exemplar is None else (name, count, exemplar)
