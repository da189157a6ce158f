"""Dashboards, rules and runbooks belong together. What Prometheus itself says of them: `make test-dashboards`."""

import json
import re
import tomllib
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from deploy.grafana.__main__ import FOLDER, dashboards
from tests.dashboards.promql import read
from tests.stores import ROOT

RULES = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "deploy/prometheus/rules").glob("*.yml")}
ALERTS = {
    name: rest
    for text in RULES.values()
    for name, rest in re.findall(r"- alert: (\w+)\n(.*?)(?=\n {6}- |\Z)", text, re.DOTALL)
}
RUNBOOKS = ROOT / "docs" / "runbooks"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in RUNBOOKS.glob("*.md") if path.stem != "README"}
BOARDS: dict[str, Any] = {path.stem: json.loads(text) for path, text in dashboards().items()}
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board["panels"] if panel["type"] != "row"]
ROWS = [panel for board in BOARDS.values() for panel in board["panels"] if panel["type"] == "row"]
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
PROGRAMS = ("shared", "gateway", "auth_service", "user_service", "file_service")
CODE = "".join(path.read_text(encoding="utf-8") for name in PROGRAMS for path in (ROOT / name).rglob("*.py"))
NOT_OURS = {"LISTEN", "ADDRESS", "REPAIR"}  # PostgreSQL's and make's
METRICS = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8"), re.MULTILINE))
PROMETHEUS_OWN = {"up", "ALERTS"}
LABELS = {"job", "instance", "namespace", "check"}  # of single series that alerts tell of


def expressions() -> Iterator[str]:
    """Yield those of panels, marks and rules."""
    yield from (target["expr"] for _, panel in PANELS for target in panel["targets"])
    yield from (mark["expr"] for board in BOARDS.values() for mark in board["annotations"]["list"])
    for text in RULES.values():
        yield from re.findall(r"^ +expr: (?!\|)(.+)$", text, re.MULTILINE)
        yield from re.findall(r"^ {8}expr: \|-\n((?: {10}.*\n)+)", text, re.MULTILINE)


SELECTORS = sorted({selector for expression in expressions() for selector in read(expression).selectors})


def test_dashboards_are_what_the_code_gives() -> None:
    """After a change: make dashboards."""
    assert {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")} == dict(dashboards())


@pytest.mark.parametrize("name", BOARDS)
def test_panels_stand_beside_each_other(name: str) -> None:
    panels = BOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"], (one, other)


def test_every_panel_asks_and_says_how_to_read_the_answer() -> None:
    for name, panel in PANELS:
        assert panel["title"].endswith("?"), (name, panel["title"])
        assert panel["description"], (name, panel["title"])
    titles = [(name, panel["title"]) for name, panel in PANELS]
    assert len(titles) == len(set(titles))


def test_panels_lead_to_runbooks_that_there_are() -> None:
    linked = {link["url"] for _, panel in PANELS for link in panel["links"]}
    assert linked == {f"docs/runbooks/{name}.md" for name in ALERTS}


@pytest.mark.parametrize("name", ALERTS)
def test_alert_says_what_it_means_and_where_to_read_on(name: str) -> None:
    told = ALERTS[name]
    assert re.search(r"\n +for: \d+[mh]\n", told)
    assert re.search(r"\n +labels: {severity: (page|ticket)}\n", told)
    assert re.search(r"\n +summary: .+\n +description: .+\n", told)
    assert f"runbook_url: docs/runbooks/{name}.md" in told


@pytest.mark.parametrize("name", ALERTS)
def test_alert_names_labels_that_its_expression_leaves(name: str) -> None:
    """What is put together keeps only the labels that it was put together by; another would be an empty word."""
    expression, _, told = ALERTS[name].partition("\n        for:")
    named = set(re.findall(r"\$labels\.(\w+)", told))
    kept = read(expression).labels or LABELS
    assert named <= kept, named - kept


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    assert set(PAGES) == set(ALERTS)


@pytest.mark.parametrize("name", PAGES)
def test_page_tells_what_somebody_needs_at_night(name: str) -> None:
    assert PAGES[name].startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", PAGES[name], re.MULTILINE) == ["For users", "Look at", "Likely", "Do", "Afterwards"]
    assert f"[{name}]({name}.md)" in (RUNBOOKS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_page_names_panels_variables_and_log_events_that_there_are(name: str) -> None:
    titles = {panel["title"] for _, panel in PANELS}
    asked = {re.sub(r"\s+", " ", title) for title in re.findall(r'"([A-Z][^"]*\?)"', PAGES[name])}
    assert asked <= titles | {row["title"] for row in ROWS}, asked - titles
    variables = set(re.findall(r"`([A-Z][A-Z_]{5,})(?:=[^`]*)?`", PAGES[name])) - NOT_OURS
    assert all(f"`{variable}`" in CONFIGURATION for variable in variables), variables
    events = {
        each
        for found in re.findall(r"grep (?:-E )?'?([a-z_|]+_[a-z_|]+)'? \w+\.log", PAGES[name])
        for each in found.split("|")
    }
    assert all(f'"{event}' in CODE for event in events), events


def test_tables_tell_the_severity_that_the_rules_have() -> None:
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    for name, told in ALERTS.items():
        severity = re.search(r"severity: (\w+)", told)
        assert severity is not None
        assert re.search(rf"^\| \[{name}\]\({name}\.md\) \| {severity[1]} \| .+ \|$", index, re.MULTILINE), name


def test_expressions_name_metrics_that_the_programs_have() -> None:
    names = {re.match(r"[\w:]+", selector)[0] for selector in SELECTORS}  # type: ignore[index]  # a selector begins so
    ours = {name for name in names if ":" not in name and not name.startswith("colonnade_backup_")} - PROMETHEUS_OWN
    assert len(ours) > 50
    assert {
        name for name in ours if name not in METRICS and re.sub("_(bucket|count|sum)$", "", name) not in METRICS
    } == set()


def test_expressions_say_whose_metrics_they_read() -> None:
    """Others call theirs `jobs` or `http_request_duration_seconds`, too."""
    general = [each for each in SELECTORS if "{" not in each or not re.search(r"[{,]\s*job=", each)]
    assert not [each for each in general if not re.match(r"colonnade[_:]|ALERTS\{", each)]


def test_routes_without_a_promise_of_latency_are_those_that_may_take_long() -> None:
    routes = tomllib.loads((ROOT / "gateway" / "routes.toml").read_text(encoding="utf-8"))["route"]
    patterns = set(re.findall(r'route!~"([^/"]+)"', RULES["promises.yml"]))
    assert len(patterns) == 1
    left_out = {route["name"] for route in routes if re.fullmatch(patterns.copy().pop(), route["name"])}
    assert left_out == {route["name"] for route in routes if route["timeout"] > 30}
