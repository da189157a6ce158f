"""Small charts as paths of an SVG that is 300 wide and 80 high, whatever it is stretched to. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 300.0, 80.0
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """`line` and `area` are what `d` of a path takes."""

    name: str
    line: str
    area: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`top` is the value at the upper edge."""

    lines: Sequence[Line]
    top: float


def draw(series: dict[str, Values], places: int, *, least: float) -> Chart:
    """Draw each of the series, of at most `places` values; fewer lie at the right. The top is `least` or more."""
    top = round_up(max([least, *(value for values in series.values() for value in values if value is not None)]))
    return Chart([_line(name, values, places, top) for name, values in series.items()], top)


def round_up(value: float) -> float:
    """Return the next number that people like to read: 1, 2, 2.5 or 5 and some zeros."""
    size = 1.0
    while size > value:
        size /= 10
    while size * 10 <= value:
        size *= 10
    return next(step * size for step in _STEPS if step * size >= value * 0.999999)


def _line(name: str, values: Values, places: int, top: float) -> Line:
    step = WIDTH / max(1, places - 1)
    left = WIDTH - step * (len(values) - 1)
    pieces: list[list[tuple[float, float]]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((left + number * step, HEIGHT * (1 - min(1.0, value / top))))
    drawn = [_with_width(piece, step) for piece in pieces if piece]
    return Line(name, "".join(_path(piece) for piece in drawn), "".join(_closed(piece) for piece in drawn))


def _with_width(piece: list[tuple[float, float]], step: float) -> list[tuple[float, float]]:
    """A value that stands alone is a short line: a point wouldn't be seen."""
    if len(piece) > 1:
        return piece
    ((x, y),) = piece
    return [(max(0.0, x - step / 2), y), (x, y)]


def _path(piece: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in piece)


def _closed(piece: Sequence[tuple[float, float]]) -> str:
    return f"{_path(piece)}L{piece[-1][0]:.1f} {HEIGHT:.0f}L{piece[0][0]:.1f} {HEIGHT:.0f}Z"
