"""Each program tells its own metrics alone, though it was forked from a process that has imported all of them."""

import sys
from collections.abc import Mapping
from contextlib import suppress

from prometheus_client import REGISTRY, Counter, Gauge, Histogram

from deploy.roles import SCHEMAS
from shared.loop_metrics import LoopCounter, LoopHistogram

_KINDS = (Counter, Gauge, Histogram, LoopCounter, LoopHistogram)
_SERVICES = frozenset(SCHEMAS)
# What a program that was started by itself has imported: a test compares it with docs/metrics.md.
_DEFINED_IN: Mapping[str, frozenset[str]] = {
    "auth_service.metrics": frozenset({"auth_service"}),
    "file_service.metrics": frozenset({"file_service"}),
    "shared.events.consume": frozenset({"user_service", "file_service"}),
    "shared.jobs.metrics": frozenset({"auth_service", "file_service"}),
    "shared.pool_metrics": _SERVICES,
    "shared.purge": _SERVICES,
}


def forget_metrics_of_others(program: str) -> None:
    for name, programs in _DEFINED_IN.items():
        module = sys.modules.get(name)
        if module is not None and program not in programs:
            for value in tuple(vars(module).values()):
                if isinstance(value, _KINDS):
                    with suppress(KeyError):
                        REGISTRY.unregister(value)
