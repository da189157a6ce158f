"""What became of each request, and what must never have become of any."""

from collections import Counter

OK, LEFT, UNAVAILABLE, BROKEN_OFF = "ok", "left", "unavailable", "broken off"
CROSSED, UNEXPECTED = "CROSSED", "UNEXPECTED"  # each of them fails the run
OUTCOMES = (OK, LEFT, UNAVAILABLE, BROKEN_OFF, CROSSED, UNEXPECTED)
_SAMPLES = 20


class Ledger:
    """`left`: the client went before its answer; `unavailable` and `broken off`: its service had failed meanwhile."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self.samples: list[str] = []

    def note(self, kind: str, outcome: str, detail: str = "") -> None:
        self._counts[kind, outcome] += 1
        if outcome in (CROSSED, UNEXPECTED) and len(self.samples) < _SAMPLES:
            self.samples.append(f"{outcome} {kind}: {detail}")

    def total(self, outcome: str = "") -> int:
        return sum(count for (_, each), count in self._counts.items() if outcome in ("", each))

    def table(self) -> list[str]:
        lines = [f"{'':18}" + "".join(f"{outcome:>13}" for outcome in OUTCOMES)]
        lines += [
            f"{kind:18}" + "".join(f"{self._counts[kind, each]:13}" for each in OUTCOMES)
            for kind in sorted({kind for kind, _ in self._counts})
        ]
        lines.append(f"{'all':18}" + "".join(f"{self.total(each):13}" for each in OUTCOMES))
        return lines
