"""The alerts that the chart brings are those of deploy/prometheus, and find the jobs that it has scraped."""

from tests.helm.rendering import PROGRAMS, manifests, of_kind, read_yaml
from tests.stores import ROOT

RULES = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yml"))


def test_every_file_of_rules_is_one_manifest_that_says_the_same() -> None:
    found = of_kind("everything", "PrometheusRule")
    assert sorted(found) == [f"alerts-{path.stem}" for path in RULES]
    for path in RULES:
        [written] = read_yaml(path.read_text().replace("docs/runbooks/", "https://wiki.example.org/runbooks/"))
        manifest = found[f"alerts-{path.stem}"]
        assert manifest["spec"] == written
        assert manifest["metadata"]["labels"]["release"] == "prometheus"


def test_runbooks_are_where_the_values_say() -> None:
    links = [
        rule["annotations"]["runbook_url"]
        for each in of_kind("everything", "PrometheusRule").values()
        for group in each["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert len(links) > 40
    assert all(link.startswith("https://wiki.example.org/runbooks/") for link in links)


def test_jobs_are_called_as_the_rules_call_them() -> None:
    """The monitor takes a job's name from a label of the Service."""
    monitor = of_kind("everything", "ServiceMonitor")["metrics"]["spec"]
    scraped = [
        each["metadata"]["labels"]
        for each in manifests("everything")
        if each["kind"] == "Service"
        and monitor["selector"]["matchLabels"].items() <= each["metadata"]["labels"].items()
    ]
    assert {labels[monitor["jobLabel"]] for labels in scraped} == set(PROGRAMS)


def test_rules_are_wanted_only_where_they_are_asked_for() -> None:
    assert not of_kind("default", "PrometheusRule")
