"""The dashboards are such as Grafana knows: its own models read them, and lose nothing of what we wrote."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.expressions import DASHBOARDS

# What Grafana reads of marks, and the models don't have: the Prometheus source's own options.
_KNOWN = {
    ".annotations.list[].titleFormat",
    ".annotations.list[].textFormat",
    ".annotations.list[].useValueForTime",
    ".templating.list[].definition",
}


def as_grafana_reads(board: dict[str, Any]) -> Any:
    import_module("grafana_foundation_sdk.cog.plugins").register_default_plugins()
    read = import_module("grafana_foundation_sdk.models.dashboard").Dashboard.from_json(board)
    encoder = import_module("grafana_foundation_sdk.cog.encoder").JSONEncoder
    return json.loads(encoder().encode(read))


def lost(ours: Any, theirs: Any, where: str = "") -> Iterator[str]:
    """Yield where something that we wrote is missing or another."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name, value in ours.items():
            yield from lost(value, theirs.get(name), f"{where}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for one, other in zip(ours, theirs, strict=True):
            yield from lost(one, other, f"{where}[]")
    elif ours != theirs:
        yield where


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_grafana_reads_all_that_we_wrote(path: Path) -> None:
    board = json.loads(path.read_text(encoding="utf-8"))
    assert set(lost(board, as_grafana_reads(board))) <= _KNOWN


def test_what_grafana_does_not_know_is_found() -> None:
    board = json.loads(DASHBOARDS[0].read_text(encoding="utf-8"))
    panel = next(each for each in board["panels"] if each["type"] == "timeseries")
    panel["options"]["legend"]["placment"] = "bottom"
    assert ".panels[].options.legend.placment" in set(lost(board, as_grafana_reads(board)))
