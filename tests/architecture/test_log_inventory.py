"""docs/logs.md knows every log: of each container, table row complete, with the times that are really configured."""

import re

from tests.stores import ROOT

COLUMNS = 7
PAGE = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Every log there is\n")[2].partition("\n## ")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in SECTION.splitlines() if line.startswith("|")]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def containers() -> set[str]:
    services = COMPOSE.partition("\nservices:\n")[2].partition("\nnetworks:\n")[0]
    return set(re.findall(r"^  (\w+):$", services, re.MULTILINE))


def test_each_container_has_its_log_in_the_inventory() -> None:
    named = set(re.findall(r"`(\w+)`", " ".join(row[0] for row in ROWS)))
    assert {"gateway", "postgres", "loki"} <= containers() <= named


def test_each_log_is_told_whole() -> None:
    assert [row for row in ROWS if len(row) != COLUMNS or not all(row)] == []


def test_times_are_those_that_are_configured() -> None:
    """As a page that is wrong about them is worse than none."""
    assert "retention_period: 720h" in (ROOT / "deploy" / "loki" / "loki.yml").read_text(encoding="utf-8")
    assert '"min_age": "30d"' in (ROOT / "deploy" / "elk" / "lifecycle.json").read_text(encoding="utf-8")
    assert "30 days (`deploy/loki`, `deploy/elk`)" in SECTION
    assert "block_retention: 168h" in (ROOT / "deploy" / "tempo" / "tempo.yml").read_text(encoding="utf-8")
    assert "Tempo: 7 days" in SECTION
    assert 'options: {max-size: 20m, max-file: "5"' in COMPOSE
    assert "5 files of 20 MB" in SECTION
    assert "storage.tsdb.retention.time=15d" in COMPOSE
    assert "Prometheus: 15 days or 2 GB" in SECTION
