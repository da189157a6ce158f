"""Every expression of the dashboards, as Grafana would send it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.stores import ROOT

DASHBOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))


@dataclass(frozen=True)
class Expression:
    """`columns` are labels that a table shows; `exemplars` says that the panel shows those, too."""

    where: str
    text: str
    legend: str = ""
    exemplars: bool = False
    columns: tuple[str, ...] = ()


def in_dashboards() -> Iterator[Expression]:
    for path in DASHBOARDS:
        board = json.loads(path.read_text(encoding="utf-8"))
        for panel in board["panels"]:
            yield from _of_panel(path.stem, panel)
        for mark in board["annotations"]["list"]:
            yield Expression(f"{path.stem}: marks", mark["expr"], mark["titleFormat"] + mark["textFormat"])


def _of_panel(board: str, panel: dict[str, Any]) -> Iterator[Expression]:
    shown = tuple(
        name
        for each in panel.get("transformations", ())
        for name in each["options"].get("include", {}).get("names", ())
        if name != "Value"
    )
    for target in panel.get("targets", ()):
        yield Expression(
            f"{board}: {panel['title']}",
            target["expr"],
            target.get("legendFormat", ""),
            exemplars=target.get("exemplar", False),
            columns=shown,
        )


def filled_in(text: str, namespace: str, seconds: float) -> str:
    """Put what Grafana would into the place of its variables, with everything chosen."""
    values = {
        "$__rate_interval": "5s",
        "$__range": f"{seconds:.0f}s",
        "$namespace": namespace,
        "$instance": ".*",
        "$service": ".+",
    }
    for name, value in values.items():
        text = text.replace(name, value)
    return text
