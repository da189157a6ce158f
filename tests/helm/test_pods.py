"""What a pod may do, how it is watched, and how it stops."""

import pytest

from deploy.compose.provision import PROGRAM_USER
from shared import serve
from shared.lifecycle import _PATIENCE
from tests.helm.rendering import (
    PROGRAMS,
    SERVICES,
    VALUES,
    container,
    environment,
    manifests,
    of_kind,
    pods,
    program,
)

PRIVATE = dict(zip(PROGRAMS, range(9080, 9084), strict=True))


@pytest.mark.parametrize("name", VALUES)
def test_no_container_can_do_more_than_its_work(name: str) -> None:
    for component, pod in pods(name):
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True, component
        assert security["runAsUser"] == security["runAsGroup"] == security["fsGroup"] == PROGRAM_USER
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        assert container(pod)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        resources = container(pod)["resources"]
        assert {"cpu", "memory"} <= set(resources["limits"]) & set(resources["requests"]), component


@pytest.mark.parametrize("name", VALUES)
def test_what_is_mounted_is_read_only_or_bounded(name: str) -> None:
    for component, pod in pods(name):
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        mounts = container(pod)["volumeMounts"]
        assert {mount["name"] for mount in mounts} == set(volumes)
        for mount in mounts:
            assert "subPath" not in mount, f"{component}: a subPath is never renewed"
            volume = volumes[mount["name"]]
            if not mount.get("readOnly"):
                assert mount["name"] in ("tmp", "files")
                assert "persistentVolumeClaim" in volume or "sizeLimit" in volume["emptyDir"]


def test_files_of_one_source_lie_in_one_folder_so_that_they_change_at_once() -> None:
    pod = program("everything", "gateway")
    given = environment(pod)
    assert given["TLS_CERT_FILE"] == "/etc/colonnade/secret-certificate/tls.crt"
    assert given["TLS_KEY_FILE"] == "/etc/colonnade/secret-certificate/tls.key"
    assert given["ROUTES_FILE"] == "/etc/colonnade/config-colonnade-routes/routes.toml"
    mounted = [each["name"] for each in container(pod)["volumeMounts"]]
    assert sorted(mounted) == ["config-colonnade-routes", "secret-certificate", "secrets", "tmp"]
    assert of_kind("everything", "ConfigMap")["gateway"]["metadata"]["name"] == "colonnade-routes"


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("which", PROGRAMS)
def test_probes_ask_the_private_port(name: str, which: str) -> None:
    only = container(program(name, which))
    assert {port["name"]: port["containerPort"] for port in only["ports"]} == {
        "public": PRIVATE[which] - 1000,
        "private": PRIVATE[which],
    }
    assert environment(program(name, which))["PRIVATE_PORT"] == str(PRIVATE[which])
    probes = {kind: only[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness")}
    assert {probe["httpGet"]["port"] for probe in probes.values()} == {"private"}
    paths = {kind: probe["httpGet"]["path"] for kind, probe in probes.items()}
    assert paths == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("which", PROGRAMS)
def test_stopping_pod_is_seen_to_be_unready_and_has_time_to_finish(name: str, which: str) -> None:
    pod = program(name, which)
    drain = float(environment(pod)["DRAIN_SECONDS"])
    probe = container(pod)["readinessProbe"]
    assert drain > probe["periodSeconds"] * probe["failureThreshold"]
    # Private and public runner end in turn, then what runs beside, of which some things wait for others.
    needed = drain + serve._LINGER + serve._SHUTDOWN + 1.0 + 4 * _PATIENCE
    assert pod["terminationGracePeriodSeconds"] > needed


@pytest.mark.parametrize("name", VALUES)
def test_update_never_takes_a_pod_away_before_the_next_is_ready(name: str) -> None:
    for component, deployment in of_kind(name, "Deployment").items():
        strategy = deployment["spec"]["strategy"]
        if component == "file_service" and name in ("default", "minimal"):
            assert strategy == {"type": "Recreate"}  # its volume lets itself be mounted on one node only
        else:
            assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


@pytest.mark.parametrize("name", VALUES)
def test_replicas_are_spread_over_zones_and_nodes(name: str) -> None:
    for component, deployment in of_kind(name, "Deployment").items():
        spread = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert [each["topologyKey"] for each in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
        for each in spread:
            assert each["labelSelector"] == deployment["spec"]["selector"], component


def test_selectors_find_the_pods_of_one_program_alone() -> None:
    for manifest in manifests("everything"):
        selector = manifest["spec"].get("selector", {}) if "spec" in manifest else {}
        if manifest["kind"] in ("Deployment", "PodDisruptionBudget"):
            selector = selector["matchLabels"]
        elif manifest["kind"] != "Service":
            continue
        found = [
            component
            for component, deployment in of_kind("everything", "Deployment").items()
            if selector.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
        ]
        assert found == [manifest["metadata"]["labels"]["app.kubernetes.io/component"]]


def test_gateway_finds_every_replica_by_name_and_others_find_one() -> None:
    services = {each["metadata"]["name"]: each["spec"] for each in manifests("default") if each["kind"] == "Service"}
    for which in SERVICES:
        name = f"colonnade-{which.replace('_', '-')}"
        assert services[name]["clusterIP"] == "None"
        assert services[name]["ports"] == [{"name": "public", "port": PRIVATE[which] - 1000, "targetPort": "public"}]
        assert "clusterIP" not in services[f"{name}-private"]
    given = environment(program("default", "gateway"))
    assert given["USER_URL"] == "http://colonnade-user-service:8082"
    assert given["AUTH_INTERNAL_URL"] == "http://colonnade-auth-service-private:9081"
    assert given["USER_PRIVATE_URL"] == "http://colonnade-user-service-private:9082"


def test_autoscaler_follows_cpu_and_requests_in_flight() -> None:
    scalers = of_kind("everything", "HorizontalPodAutoscaler")
    assert set(scalers) == set(PROGRAMS)
    for component, scaler in scalers.items():
        cpu, in_flight = scaler["spec"]["metrics"]
        assert cpu["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}
        assert in_flight["pods"]["metric"]["name"] == "http_requests_in_flight"
        assert in_flight["pods"]["target"] == {"type": "AverageValue", "averageValue": "40"}
        assert "replicas" not in of_kind("everything", "Deployment")[component]["spec"]
    assert not of_kind("default", "HorizontalPodAutoscaler")


def test_one_pod_at_a_time_may_be_taken_from_a_node() -> None:
    budgets = of_kind("default", "PodDisruptionBudget")
    assert set(budgets) == set(PROGRAMS)
    assert {budget["spec"]["maxUnavailable"] for budget in budgets.values()} == {1}
    assert not of_kind("minimal", "PodDisruptionBudget")
