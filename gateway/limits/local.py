"""Counting in this process's memory: all there is while Valkey is away, and always a second look at strict classes.

Each gateway then counts for itself, so a client that reaches n of them has n allowances. Memory is bounded: per class,
the subject that was longest unseen is forgotten first, so a flood on one class never costs another its counts.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from gateway.limits.policy import LimitClass
from gateway.limits.verdict import MS, Verdict
from gateway.limits.window import Counters

_MAX_SUBJECTS = 10_000


class LocalLimiter:
    """`clock` tells the time in seconds since the epoch: windows then begin when Valkey's do."""

    def __init__(self, clock: Callable[[], float] = time.time, max_subjects: int = _MAX_SUBJECTS) -> None:
        self._clock = clock
        self._max_subjects = max_subjects
        self._classes: dict[str, OrderedDict[str, Counters]] = {}

    def check(self, limit: LimitClass, subject: str, cost: int = 1) -> Verdict:
        """Whether the call passes; counts it if so."""
        return self._counters(limit, subject).check(limit, self._now(), cost, count=True)

    def preview(self, limit: LimitClass, subject: str, cost: int = 1) -> Verdict:
        """What `check` would say, without counting."""
        return self._counters(limit, subject).check(limit, self._now(), cost, count=False)

    def look(self, limit: LimitClass, subject: str, cost: int = 1) -> Verdict:
        """What `check` would say, leaving no trace at all."""
        subjects = self._classes.get(limit.name)
        counters = subjects.get(subject) if subjects else None
        return (counters or Counters()).check(limit, self._now(), cost, count=False)

    def record(self, limit: LimitClass, subject: str, cost: int = 1) -> None:
        """Count a call that was allowed elsewhere."""
        self._counters(limit, subject).record(limit, self._now(), cost)

    def _now(self) -> int:
        return int(self._clock() * MS)

    def _counters(self, limit: LimitClass, subject: str) -> Counters:
        subjects = self._classes.setdefault(limit.name, OrderedDict())
        counters = subjects.get(subject)
        if counters is None:
            if len(subjects) >= self._max_subjects:
                subjects.popitem(last=False)
            counters = subjects[subject] = Counters()
        else:
            subjects.move_to_end(subject)
        return counters
