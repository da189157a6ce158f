"""The sliding window in Python, for counting in memory: the same estimate as sliding_window.lua, change both together.

Pure: the caller brings the time, in milliseconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.limits.policy import LimitClass, Rate
from gateway.limits.verdict import MS, Standing, Verdict, verdict


@dataclass(frozen=True, slots=True)
class Window:
    """What one rate has counted, in the window with number `index` and in the one before it."""

    length_ms: int
    index: int = 0
    current: int = 0
    previous: int = 0

    def at(self, now_ms: int) -> tuple["Window", int]:
        """Return the window of `now_ms`, and how much of it has passed. A clock set back changes nothing."""
        index, elapsed = divmod(now_ms, self.length_ms)
        if index < self.index:
            return self, 0
        if index == self.index:
            return self, elapsed
        return Window(self.length_ms, index, 0, self.current if index == self.index + 1 else 0), elapsed

    def plus(self, cost: int) -> "Window":
        return replace(self, current=self.current + cost)

    def estimate(self, elapsed: int) -> int:
        return self.current + -(-self.previous * (self.length_ms - elapsed) // self.length_ms)

    def wait_to_pass(self, room: int, elapsed: int) -> int:
        """Milliseconds until the estimate is at most `room`."""
        if self.current <= room:
            return max(0, self._until_within(room - self.current, self.previous) - elapsed)
        return self.length_ms - elapsed + self._until_within(room, self.current)

    def wait_to_clear(self, elapsed: int) -> int:
        return (2 if self.current else 1) * self.length_ms - elapsed

    def _until_within(self, room: int, count: int) -> int:
        """How far into a window `count`, as its predecessor's, must be for its weight to be at most `room`."""
        return max(0, self.length_ms - room * self.length_ms // count) if count else 0


class Counters:
    """What one subject has used of one limit class, by window: a changed policy goes on with those that it keeps."""

    __slots__ = ("_windows",)

    def __init__(self, windows: Iterable[Window] = ()) -> None:
        self._windows = {window.length_ms: window for window in windows}

    def check(self, policy: LimitClass, now_ms: int, cost: int, *, count: bool) -> Verdict:
        """Whether the call passes all rates; counted, if it does and is to be, for all of them at once."""
        places = [(rate, *self._window(rate).at(now_ms)) for rate in policy.rates]
        allowed = all(window.estimate(elapsed) + cost <= rate.limit for rate, window, elapsed in places)
        if allowed and count:
            places = [(rate, window.plus(cost), elapsed) for rate, window, elapsed in places]
            self._keep(window for _, window, _ in places)
        refused = None if allowed else cost
        return verdict(policy, [_standing(*place, refused_cost=refused) for place in places], allowed=allowed)

    def record(self, policy: LimitClass, now_ms: int, cost: int) -> None:
        """Count a call whatever the rates say: it was allowed elsewhere."""
        self._keep(self._window(rate).at(now_ms)[0].plus(cost) for rate in policy.rates)

    def _window(self, rate: Rate) -> Window:
        length = rate.window_seconds * MS
        return self._windows.get(length) or Window(length)

    def _keep(self, windows: Iterable[Window]) -> None:
        self._windows.update((window.length_ms, window) for window in windows)


def _standing(rate: Rate, window: Window, elapsed: int, *, refused_cost: int | None) -> Standing:
    remaining = max(0, rate.limit - window.estimate(elapsed))
    if refused_cost is None:
        return Standing(remaining, window.wait_to_clear(elapsed))
    return Standing(remaining, window.wait_to_pass(max(0, rate.limit - refused_cost), elapsed))
