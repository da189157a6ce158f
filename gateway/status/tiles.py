"""The last quarter of an hour as the page shows it: six figures, a chart below each. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gateway.status.charts import Chart, Values, draw
from gateway.status.reading import increase, quantile
from gateway.status.recorder import EVERY, MINUTES, Point
from gateway.status.words import milliseconds, number, percent

PLACES = int(MINUTES * 60 / EVERY)
FAILED_TOO_OFTEN = 0.01
_LATELY = 55.0  # seconds that a figure is of, at least, where there are so many
_AT_ONCE = 2.0  # seconds: two points that are closer tell nothing
_MANY, _FEW = 0.99, 0.5

Between = Callable[[Point, Point], float | None]


@dataclass(frozen=True, slots=True)
class Tile:
    """`top` is the chart's upper edge in words."""

    title: str
    value: str
    detail: str
    chart: Chart
    top: str
    bad: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """Points of time, the oldest first, and the bounds of their buckets."""

    points: Sequence[Point]
    bounds: Sequence[float]
    lag_bounds: Sequence[float]

    def series(self, between: Between) -> list[float | None]:
        return [between(*pair) for pair in pairwise(self.points)]

    def lately(self, between: Between) -> float | None:
        """Return it for the last minute, or for as long as there is something."""
        if len(self.points) <= 1:
            return None
        last = self.points[-1]
        older = [point for point in self.points if last.at - point.at >= _LATELY]
        return between(older[-1] if older else self.points[0], last)

    def seconds(self, share: float) -> Between:
        return lambda early, late: _between(share, self.bounds, early.seconds, late.seconds)

    def lag(self, share: float) -> Between:
        return lambda early, late: _between(share, self.lag_bounds, early.lag, late.lag)


def history(points: Iterable[Point], now: Point, bounds: Sequence[float], lag_bounds: Sequence[float]) -> History:
    kept = [point for point in points if now.at - point.at >= _AT_ONCE]
    return History([*kept[-PLACES:], now], bounds, lag_bounds)


def failed_share(early: Point, late: Point) -> float | None:
    requests, failed = _grown(early.requests, late.requests), _grown(early.failed, late.failed)
    return None if requests is None or failed is None else failed / requests if requests else 0.0


def tiles(it: History) -> list[Tile]:
    return [_requests(it), _failed(it), _seconds(it), _in_flight(it), _limited(it), _lag(it)]


def _requests(it: History) -> Tile:
    rate = _rate(lambda point: point.requests)
    chart = draw({"requests": it.series(rate)}, PLACES, least=1)
    value = it.lately(rate)
    return Tile("Requests", f"{number(value)} /s", "answered by this gateway", chart, f"{number(chart.top)} /s")


def _failed(it: History) -> Tile:
    chart = draw({"failed": it.series(failed_share)}, PLACES, least=FAILED_TOO_OFTEN)
    value = it.lately(failed_share)
    bad = value is not None and value > FAILED_TOO_OFTEN
    return Tile("Failed", percent(value), "of them, with a 5xx", chart, percent(chart.top), bad)


def _seconds(it: History) -> Tile:
    many, few = it.seconds(_MANY), it.seconds(_FEW)
    chart = draw({"p99": it.series(many), "p50": it.series(few)}, PLACES, least=0.01)
    detail = f"99 of 100 sooner; half of them in {milliseconds(it.lately(few))}"
    return Tile("Time to answer", milliseconds(it.lately(many)), detail, chart, milliseconds(chart.top))


def _in_flight(it: History) -> Tile:
    values: Values = [point.in_flight for point in it.points[1:]]
    chart = draw({"in flight": values}, PLACES, least=5)
    return Tile("In flight", number(it.points[-1].in_flight), "being answered now", chart, number(chart.top))


def _limited(it: History) -> Tile:
    rate = _rate(lambda point: point.limited)
    chart = draw({"limited": it.series(rate)}, PLACES, least=1)
    value = f"{number(it.lately(rate))} /s"
    return Tile("Refused by limits", value, "answered with 429", chart, f"{number(chart.top)} /s")


def _lag(it: History) -> Tile:
    chart = draw({"lag": it.series(it.lag(_MANY))}, PLACES, least=0.01)
    value = milliseconds(it.lately(it.lag(_MANY)))
    return Tile("Event loop", value, "late, 99 of 100 times less", chart, milliseconds(chart.top))


def _rate(what: Callable[[Point], float]) -> Between:
    def between(early: Point, late: Point) -> float | None:
        grown = _grown(what(early), what(late))
        return None if grown is None else grown / (late.at - early.at)

    return between


def _grown(early: float, late: float) -> float | None:
    """None where a process began to count anew."""
    return late - early if late >= early else None


def _between(share: float, bounds: Sequence[float], early: Sequence[float], late: Sequence[float]) -> float | None:
    counts = increase(early or [0.0] * len(late), late)
    return None if counts is None else quantile(share, bounds, counts)
