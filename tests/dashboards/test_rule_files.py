"""What promtool and amtool say of the files as they are shipped, and what each alert does in time."""

import re
from pathlib import Path

import pytest

from tests.dashboards.drill import RULES
from tests.dashboards.tools import Tools, run
from tests.stores import ROOT

UNIT_TESTS = sorted((Path(__file__).parent / "rules").glob("*.yml"))
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"


def test_prometheus_takes_its_configuration_and_all_rules(tools: Tools) -> None:
    answer = run(tools.promtool, "check", "config", ROOT / "deploy" / "prometheus" / "prometheus.yml")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.count("rules found") == len(list(RULES.glob("*.yml")))
    lint = run(tools.promtool, "check", "rules", "--lint-fatal", *sorted(RULES.glob("*.yml")))
    assert lint.returncode == 0, lint.stdout + lint.stderr


@pytest.mark.parametrize("path", UNIT_TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_not_otherwise(tools: Tools, path: Path) -> None:
    answer = run(tools.promtool, "test", "rules", path)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_alert_has_a_test_of_firing_and_of_silence() -> None:
    alerts = {name for path in RULES.glob("*.yml") for name in re.findall(r"- alert: (\w+)", path.read_text())}
    tests = "\n".join(path.read_text() for path in UNIT_TESTS)
    firing = re.findall(r'ALERTS\{alertname="(\w+)"\}.*alertstate="firing"', tests)
    silent = re.findall(r'ALERTS\{alertname="(\w+)"\}.*exp_samples: \[\]', tests)
    assert set(firing) == alerts
    assert set(silent) == alerts


def test_alertmanager_takes_its_example(tools: Tools) -> None:
    answer = run(tools.amtool, "check-config", ALERTMANAGER)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(("severity", "receiver"), [("page", "on_call"), ("ticket", "tickets")])
def test_alerts_go_to_whom_their_severity_says(tools: Tools, severity: str, receiver: str) -> None:
    answer = run(tools.amtool, "config", "routes", "test", f"--config.file={ALERTMANAGER}", f"severity={severity}")
    assert (answer.returncode, answer.stdout.strip()) == (0, receiver), answer.stderr
