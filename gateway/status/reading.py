"""What a program's metrics say at one moment, and between two. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import nan

Sample = tuple[str, Mapping[str, str], float]

_PRIVATE = ("/livez", "/readyz", "/metrics", "/internal", "/explain", "/status")
_LINE = re.compile(r"([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")


class Reading:
    """`at` is in seconds of any clock that goes evenly."""

    def __init__(self, at: float, samples: Iterable[Sample]) -> None:
        self.at = at
        self._by_name: dict[str, list[tuple[Mapping[str, str], float]]] = {}
        for name, labels, value in samples:
            self._by_name.setdefault(name, []).append((labels, value))

    def value(self, name: str, **labels: str) -> float | None:
        """Return the sum of all samples that have these labels; none if there is no such sample."""
        found = self._found(name, labels)
        return sum(value for _, value in found) if found else None

    def total(self, name: str, **labels: str) -> float:
        return self.value(name, **labels) or 0.0

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the sums by the values of a label."""
        sums: dict[str, float] = {}
        for labels, value in self._by_name.get(name, ()):
            sums[labels.get(label, "")] = sums.get(labels.get(label, ""), 0.0) + value
        return sums

    def label(self, name: str, label: str) -> str:
        return next((labels.get(label, "") for labels, _ in self._by_name.get(name, ())), "")

    def buckets(self, histogram: str, **labels: str) -> dict[float, float]:
        """Return how many were at most so large, by bound."""
        sums: dict[float, float] = {}
        for own, value in self._found(f"{histogram}_bucket", labels):
            bound = float(own["le"])
            sums[bound] = sums.get(bound, 0.0) + value
        return dict(sorted(sums.items()))

    def _found(self, name: str, labels: Mapping[str, str]) -> list[tuple[Mapping[str, str], float]]:
        found = self._by_name.get(name, [])
        for label, wanted in labels.items():
            found = [each for each in found if each[0].get(label) == wanted]
        return found


def of_clients(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Leave out what probes, operators and our other programs ask: some of it is held back for half a minute."""
    return (sample for sample in samples if not sample[1].get("route", "").startswith(_PRIVATE))


def read_text(text: str) -> Iterator[Sample]:
    """Yield what Prometheus' text format says; lines that aren't of it are passed over."""
    for line in text.splitlines():
        found = None if line.startswith("#") else _LINE.fullmatch(line)
        if found is not None:
            labels = {name: _ESCAPED.sub(_unescaped, value) for name, value in _LABEL.findall(found[2] or "")}
            yield found[1], labels, _number(found[3])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return nan


def _unescaped(found: re.Match[str]) -> str:
    return {"n": "\n"}.get(found[1], found[1])


def quantile(share: float, bounds: Sequence[float], counts: Sequence[float]) -> float | None:
    """Return the value below which that share lies, as PromQL's histogram_quantile; none where there were none.

    `counts` are cumulative, the last of them of the bound infinity.
    """
    if not counts or counts[-1] <= 0:
        return None
    wanted = share * counts[-1]
    place = next(number for number, count in enumerate(counts) if count >= wanted)
    if place == len(bounds) - 1:
        return bounds[place - 1] if place else None
    low, before = (bounds[place - 1], counts[place - 1]) if place else (0.0, 0.0)
    inside = counts[place] - before
    return low + (bounds[place] - low) * ((wanted - before) / inside if inside else 1.0)


def increase(before: Sequence[float], after: Sequence[float]) -> list[float] | None:
    """Return by how much each has grown; none where they began anew between the two."""
    grown = [late - early for early, late in zip(before, after, strict=False)]
    if len(before) != len(after) or any(each < 0 for each in grown):
        return None
    return grown
