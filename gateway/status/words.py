"""Numbers as people read them. Pure."""

from shared.web.pages.languages import ENGLISH

_NONE = "\u2013"  # a dash


def number(value: float | None) -> str:
    """Three digits that count: 0.04, 3.2, 47.3, 1,203."""
    if value is None:
        return _NONE
    if value >= 100 or value == int(value):  # noqa: PLR2004  its fraction says nothing
        return f"{value:,.0f}"
    return f"{value:.{1 if value >= 10 else 2}f}".rstrip("0").rstrip(".")  # noqa: PLR2004  as above


def percent(share: float | None) -> str:
    return _NONE if share is None else f"{number(share * 100)} %"


def milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return _NONE
    return f"{number(seconds)} s" if seconds >= 1 else f"{number(seconds * 1000)} ms"


def size(value: float | None) -> str:
    return _NONE if value is None else ENGLISH.size(value)


def duration(seconds: float) -> str:
    """The largest unit, and the next where it says more: 3 d 4 h, 12 min, 40 s."""
    for unit, each, below, smaller in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60)):
        if seconds >= each:
            rest = int(seconds % each // smaller)
            return f"{int(seconds // each)} {unit}" + (f" {rest} {below}" if rest else "")
    return f"{int(seconds // 60)} min" if seconds >= 60 else f"{int(max(0.0, seconds))} s"  # noqa: PLR2004  a minute
