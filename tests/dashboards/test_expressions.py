"""Every expression of every panel, recording rule and alert, asked of a Prometheus that has seen all of it happen."""

import math
import time

from tests.dashboards import faults
from tests.dashboards.drill import NAMESPACE
from tests.dashboards.expressions import Expression, filled_in, in_dashboards
from tests.dashboards.prometheus import Prometheus, Refused, Series
from tests.dashboards.promql import legend_labels, read
from tests.dashboards.report import print_table


async def test_every_panel_shows_something(prometheus: Prometheus) -> None:
    mistakes = [mistake for each in in_dashboards() for mistake in await _mistakes(prometheus, each)]
    print_table(list(in_dashboards()), await prometheus.rules())
    assert not mistakes, "\n" + "\n".join(mistakes)


async def test_panels_with_exemplars_have_some(prometheus: Prometheus) -> None:
    for each in in_dashboards():
        if each.exemplars:
            found = await prometheus.exemplars(_filled(prometheus, each.text))
            traces = [mark["labels"].get("trace_id") for series in found for mark in series["exemplars"]]
            assert traces, each.where
            assert all(traces), each.where


async def test_every_recording_rule_records(prometheus: Prometheus) -> None:
    recorded = [rule for rule in await prometheus.rules() if rule["type"] == "recording"]
    assert len(recorded) > 10
    empty = [rule["name"] for rule in recorded if not _told(await prometheus.over_time(rule["name"]))]
    assert not empty


async def test_every_alert_looks_at_what_there_is(prometheus: Prometheus) -> None:
    """An alert is silent when all is well, and just as silent when what it reads doesn't exist."""
    alerts = [rule for rule in await prometheus.rules() if rule["type"] == "alerting"]
    assert len(alerts) > 40
    assert not [rule["name"] for rule in alerts if rule["health"] != "ok"], [rule["lastError"] for rule in alerts]
    mistakes = [mistake for rule in alerts for mistake in await _unknown(prometheus, rule["name"], rule["query"])]
    assert not mistakes, "\n" + "\n".join(mistakes)


async def test_faults_set_off_their_alerts(prometheus: Prometheus) -> None:
    """The drill waited for each; here they are counted once more."""
    for fault, alerts in faults.EXPECTED.items():
        for alert in alerts:
            assert await prometheus.over_time(faults.FIRING.format(alert)), (fault, alert)


async def test_mistakes_are_found(prometheus: Prometheus) -> None:
    """A test that can't fail is none."""
    wrong = {
        "rate(gateway_no_such_total{job='gateway'}[$__rate_interval])": "no series",
        "sum by (rout) (gateway_valkey_up{job='gateway'})": "rout",
        "gateway_valkey_up{job='gatewy'}": "no series",
        "sum(gateway_valkey_up{job='gateway'}": "parse error",
        "gateway_valkey_up{job='gateway'} > 7": "empty",
    }
    for text, word in wrong.items():
        assert word in " ".join(await _mistakes(prometheus, Expression("wrong", text))), text
    legend = Expression("wrong", "gateway_valkey_up{job='gateway'}", "{{instnce}}")
    assert "instnce" in " ".join(await _mistakes(prometheus, legend))


async def _mistakes(prometheus: Prometheus, each: Expression) -> list[str]:
    text = _filled(prometheus, each.text)
    try:
        found = await prometheus.over_time(text)
    except Refused as refused:
        return [f"{each.where}: {refused}"]
    mistakes = await _unknown(prometheus, each.where, text)
    if not _told(found):
        return [*mistakes, f"{each.where}: {text} is empty"]
    shown = {*legend_labels(each.legend), *each.columns}
    known = {label for series in found for label in series["metric"]}
    return [*mistakes, *(f"{each.where}: no series has a label {label}" for label in sorted(shown - known))]


async def _unknown(prometheus: Prometheus, where: str, text: str) -> list[str]:
    """Tell which selectors of an expression match nothing, and which labels nothing has."""
    reading, known, mistakes = read(text), set[str](), []
    for selector in reading.selectors:
        found = await prometheus.series(selector)
        known.update(label for labels in found for label in labels)
        if not found:
            mistakes.append(f"{where}: no series match {selector}")
    strange = reading.labels - known - reading.made
    return mistakes + [f"{where}: nothing has the label {label}" for label in sorted(strange)]


def _filled(prometheus: Prometheus, text: str) -> str:
    return filled_in(text, NAMESPACE, time.time() - prometheus.began)


def _told(found: list[Series]) -> bool:
    """Tell whether there is any value that is a number."""
    return any(not math.isnan(float(value)) for series in found for _, value in series["values"])
