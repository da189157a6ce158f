"""Helm takes the chart, and Kubernetes would take what comes of it."""

from pathlib import Path

import pytest

from tests.helm.rendering import (
    CHART,
    VALUES,
    helm,
    manifests,
    of_kind,
    read_yaml,
    rendered,
    validated,
    values_arguments,
)

OLDEST, NEWEST = "1.27", "1.37"


@pytest.mark.parametrize("name", VALUES)
def test_chart_is_linted_strictly(name: str) -> None:
    answer = helm("lint", "--strict", "--quiet", str(CHART), *values_arguments(name))
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("name", VALUES)
def test_every_manifest_is_what_kubernetes_knows(name: str, version: str, tmp_path: Path) -> None:
    """All but those of Prometheus' operator, which no schema of Kubernetes has."""
    documents = rendered(name).split("\n---\n")
    own = [each for each in documents if "apiVersion: monitoring.coreos.com/v1" not in each]
    answer = validated(tmp_path, "\n---\n".join(own), version)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.count(" passed for resource ") == len(
        [each for each in manifests(name) if each["kind"] not in ("ServiceMonitor", "PrometheusRule")]
    )


def test_validator_refuses_a_field_that_does_not_exist(tmp_path: Path) -> None:
    text = rendered("default").replace("clusterIP: None", "clusterIp: None")
    assert validated(tmp_path, text, NEWEST).returncode != 0


@pytest.mark.parametrize("name", VALUES)
def test_names_are_unique_and_fit_however_long_the_release_is_called(name: str) -> None:
    release = "a-release-whose-name-is-as-long-as-helm-lets-it-be-53"
    text = helm("template", release, str(CHART), *values_arguments(name)).stdout
    names = [line.removeprefix("  name: ") for line in text.splitlines() if line.startswith("  name: ")]
    assert names
    assert max(map(len, names)) <= 63
    places = [(each["kind"], each["metadata"]["name"]) for each in manifests(name)]
    assert len(places) == len(set(places))


def test_chart_comes_out_the_same_each_time() -> None:
    """What comes in another order than before would have Kubernetes replace every pod for nothing."""
    arguments = ("template", "colonnade", str(CHART), *values_arguments("everything"))
    assert {helm(*arguments).stdout for _ in range(8)} == {rendered("everything")}


def test_prometheus_scrapes_every_private_port_and_nothing_else() -> None:
    monitor = of_kind("everything", "ServiceMonitor")["metrics"]["spec"]
    [endpoint] = monitor["endpoints"]
    found = [
        each["spec"]["ports"]
        for each in manifests("everything")
        if each["kind"] == "Service"
        and monitor["selector"]["matchLabels"].items() <= each["metadata"]["labels"].items()
    ]
    assert sorted(port["port"] for [port] in found) == [9080, 9081, 9082, 9083]
    assert {port["name"] for [port] in found} == {endpoint["port"]}
    assert endpoint["path"] == "/metrics"


def test_chart_and_image_have_the_products_version() -> None:
    from shared import VERSION  # noqa: PLC0415  the chart is what is looked at

    assert f"appVersion: {VERSION}\n" in (CHART / "Chart.yaml").read_text()
    assert f'image: "colonnade:{VERSION}"' in rendered("default")


def test_ingress_is_where_public_url_is() -> None:
    rule = of_kind("everything", "Ingress")["gateway"]["spec"]
    assert rule["tls"] == [
        {"hosts": ["api.example.org"], "secretName": "certificate"},
        {"hosts": ["files.example.net"], "secretName": "certificate-of-files"},
    ]
    assert [host["host"] for host in rule["rules"]] == ["api.example.org", "files.example.net"]
    for host in rule["rules"]:
        [path] = host["http"]["paths"]
        assert path["path"] == "/"
        assert path["backend"]["service"] == {"name": "colonnade-gateway", "port": {"name": "public"}}


def test_ingress_without_a_certificate_has_none() -> None:
    arguments = ("--set", "ingress.enabled=true", "--set", "publicUrl=http://api.example.org/app")
    [spec] = [each["spec"] for each in read_yaml(rendered("default", *arguments)) if each["kind"] == "Ingress"]
    assert set(spec) == {"rules"}
    [rule] = spec["rules"]
    assert (rule["host"], rule["http"]["paths"][0]["path"]) == ("api.example.org", "/app")


def test_what_people_have_stored_outlives_the_release() -> None:
    claim = of_kind("default", "PersistentVolumeClaim")["file_service"]
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert not of_kind("minimal", "PersistentVolumeClaim")
    assert not of_kind("object-store", "PersistentVolumeClaim")
