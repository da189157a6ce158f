"""What became of every request, by the phase in which it ended."""

import time
from dataclasses import dataclass, field

_PERCENTILE = 99


@dataclass
class Phase:
    """`latencies` are seconds of those that went well; `gap` is the longest time without any of them."""

    name: str
    began: float
    latencies: list[float] = field(default_factory=list)
    writes: int = 0
    failures: list[str] = field(default_factory=list)
    gap: float = 0.0
    last: float = 0.0
    ended: float = 0.0

    @property
    def requests(self) -> int:
        return len(self.latencies) + len(self.failures)

    @property
    def p99(self) -> float:
        latencies = sorted(self.latencies)
        return latencies[len(latencies) * _PERCENTILE // 100] if latencies else 0.0


class Ledger:
    def __init__(self) -> None:
        self.phases: list[Phase] = []

    def begin(self, name: str) -> None:
        now = time.monotonic()
        self.end()
        self.phases.append(Phase(name, now, last=now))

    def end(self) -> None:
        if self.phases:
            phase = self.phases[-1]
            phase.ended = time.monotonic()
            phase.gap = max(phase.gap, phase.ended - phase.last)

    @property
    def requests(self) -> int:
        return sum(phase.requests for phase in self.phases)

    @property
    def failures(self) -> list[str]:
        return [f"{phase.name}: {failure}" for phase in self.phases for failure in phase.failures]

    def went_well(self, began: float, *, is_write: bool) -> None:
        now, phase = time.monotonic(), self.phases[-1]
        phase.latencies.append(now - began)
        phase.writes += is_write
        phase.gap, phase.last = max(phase.gap, now - phase.last), now

    def failed(self, what: str) -> None:
        self.phases[-1].failures.append(what)

    def table(self) -> str:
        head = f"{'phase':<44} {'seconds':>7} {'requests':>9} {'writes':>7} {'failed':>6} {'p99 ms':>7} {'gap ms':>7}"
        rows = [
            f"{phase.name:<44} {phase.ended - phase.began:>7.1f} {phase.requests:>9,} {phase.writes:>7,} "
            f"{len(phase.failures):>6} {phase.p99 * 1000:>7.0f} {phase.gap * 1000:>7.0f}"
            for phase in self.phases
        ]
        writes, failed = sum(phase.writes for phase in self.phases), len(self.failures)
        seconds = self.phases[-1].ended - self.phases[0].began
        return "\n".join(
            [head, *rows, f"{'altogether':<44} {seconds:>7.1f} {self.requests:>9,} {writes:>7,} {failed:>6}"]
        )
