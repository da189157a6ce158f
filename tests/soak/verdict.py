"""The soak's table, and whether it passed."""

from collections import Counter
from dataclasses import dataclass

from tests.soak.ledger import CROSSED, OK, UNEXPECTED, Ledger
from tests.soak.log_watch import LogWatch
from tests.soak.vitals import Vitals

_GROWTH = 0.1, 4.0  # of the memory after the warm-up, and MB more: what an allocator's odd moments come to
_REQUESTS = 100_000  # in 30 minutes, and as many in proportion in less
_HALF_AN_HOUR = 1800.0  # seconds
_MOST_FAIL = 0.2  # of the requests: beyond that the faults have left nothing to be tested


@dataclass(frozen=True, slots=True)
class Findings:
    """`memory` is that after the warm-up and that at the end; `status` is the gateway's when it was told to stop."""

    ledger: Ledger
    faults: Counter[str]
    log: LogWatch
    memory: tuple[float, float]
    before: Vitals
    after: Vitals
    status: int | None


def report(found: Findings, seconds: float) -> bool:
    """Print the table; whether all is as it must be."""
    before, after = found.before, found.after
    print("\n".join(found.ledger.table()))
    print("faults   " + ", ".join(f"{name}: {count}" for name, count in sorted(found.faults.items())))
    print("log      " + ", ".join(f"{level} {name}: {count}" for (level, name), count in found.log.events.items()))
    print(f"{'':18}{'start':>10}{'end':>10}")
    print(
        f"{'RSS, MB':18}{found.memory[0]:10.1f}{found.memory[1]:10.1f}   after the warm-up, and at the end of traffic"
    )
    for name in ("descriptors", "tasks", "clients", "exchanges", "streams"):
        print(f"{name:18}{getattr(before, name):10}{getattr(after, name):10}")
    failures = [text for text, failed in _checks(found, seconds).items() if failed]
    for text in (*found.ledger.samples, *found.log.unexpected, *failures):
        print(f"FAILED   {text}")
    print("soak failed" if failures else "soak passed", flush=True)
    return not failures


def _checks(found: Findings, seconds: float) -> dict[str, bool]:
    ledger, before, after = found.ledger, found.before, found.after
    first, last = found.memory
    expected = _REQUESTS * min(1.0, seconds / _HALF_AN_HOUR)
    return {
        "an answer went to another request": ledger.total(CROSSED) > 0,
        "answers that no fault excuses": ledger.total(UNEXPECTED) > 0,
        f"fewer than {expected:.0f} requests": ledger.total() < expected,
        "too few requests were answered well": ledger.total(OK) < expected * (1 - _MOST_FAIL),
        "memory grew": last > first * (1 + _GROWTH[0]) + _GROWTH[1],
        "descriptors are left": after.descriptors > before.descriptors,
        "tasks are left": after.tasks > before.tasks,
        "connections, exchanges or streams are left": bool(after.clients or after.exchanges or after.streams),
        "unexpected lines in the log": bool(found.log.unexpected),
        "it didn't stop when told to": found.status != 0,
    }
