"""The table of what was asked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.dashboards.expressions import Expression
from tests.dashboards.faults import EXPECTED


def print_table(panels: Sequence[Expression], rules: Sequence[Mapping[str, Any]]) -> None:
    boards = Counter(each.where.partition(":")[0] for each in panels)
    kinds = Counter(rule["type"] for rule in rules)
    rows = [("asked of Prometheus", "expressions")]
    rows += [(f"dashboard {name}", str(number)) for name, number in boards.items()]
    rows += [("recording rules", str(kinds["recording"])), ("alerts", str(kinds["alerting"]))]
    print("\n\n" + "\n".join(f"{what:28}{number:>11}" for what, number in rows))
    print("\nbroken, and what fired")
    for fault, alerts in EXPECTED.items():
        print(f"{fault:28}{', '.join(alerts)}")
