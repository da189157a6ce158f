"""From a verdict to what becomes of the request, counted by limit class."""

from collections.abc import Callable
from enum import StrEnum

from gateway.limits.verdict import Verdict
from shared.loop_metrics import LoopCounter

_DECISIONS = LoopCounter("gateway_limit_decisions", "Requests by what their limit said.", ("limit", "outcome"))


class Outcome(StrEnum):
    ALLOWED = "allowed"
    LIMITED = "limited"
    DRY_RUN = "dry_run"  # would be limited, and isn't


_counters: dict[tuple[str, Outcome], Callable[[], None]] = {}  # made once: a look-up by labels costs more than counting


def decide(verdict: Verdict) -> Outcome:
    """Return what becomes of the request, and count it."""
    refused = Outcome.DRY_RUN if verdict.policy.dry_run else Outcome.LIMITED
    outcome = Outcome.ALLOWED if verdict.allowed else refused
    key = (verdict.policy.name, outcome)
    count = _counters.get(key)
    if count is None:
        count = _counters[key] = _DECISIONS.labels(*key).inc
    count()
    return outcome
