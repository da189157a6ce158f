"""NetworkPolicies draw the arrows of docs/architecture.md, and no others."""

from collections.abc import Iterator

import pytest

from tests.helm.rendering import PROGRAMS, Manifest, of_kind, pods

# Written by hand from docs/architecture.md: who calls whom, at which port.
ARROWS = {
    ("gateway", "auth_service", 8081),  # requests
    ("gateway", "user_service", 8082),
    ("gateway", "file_service", 8083),
    ("gateway", "auth_service", 9081),  # the feed of revocations, cookies and API keys
    ("gateway", "user_service", 9082),  # the status page
    ("gateway", "file_service", 9083),
    ("user_service", "auth_service", 9081),  # the feed of accounts
    ("file_service", "auth_service", 9081),
    ("auth_service", "user_service", 9082),  # exports of accounts
    ("auth_service", "file_service", 9083),
    ("user_service", "file_service", 9083),  # whose an avatar is
    ("file_service", "user_service", 9082),  # avatars that are gone
}
POSTGRES, VALKEY, SMTP, HTTPS, DNS = {5432}, {6379}, {465, 587}, {443}, {53}
OUTWARD = {
    "gateway": VALKEY | DNS,
    "auth_service": POSTGRES | DNS,
    "user_service": POSTGRES | DNS,
    "file_service": POSTGRES | DNS,
}


def component(peer: Manifest) -> str:
    """Return which pods of ours a peer is; empty for others."""
    labels = peer.get("podSelector", {}).get("matchLabels", {})
    assert set(labels) <= {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component", "app"}
    found: str = labels.get("app.kubernetes.io/component", "")
    return found


def ports(rule: Manifest) -> set[int]:
    assert rule["ports"], "a rule without ports opens all of them"
    return {each["port"] for each in rule["ports"]}


def rules(name: str, program: str, way: str) -> list[Manifest]:
    spec = of_kind(name, "NetworkPolicy")[program]["spec"]
    assert set(spec["policyTypes"]) == {"Ingress", "Egress"}
    found: list[Manifest] = spec[way]
    return found


def drawn(name: str, way: str) -> Iterator[tuple[str, str, int]]:
    """Yield the arrows between programs that the callers' policies allow (egress), or those of the called (ingress)."""
    for program in PROGRAMS:
        for rule in rules(name, program, way):
            for peer in rule.get("to" if way == "egress" else "from", ()):
                if other := component(peer):
                    pair = (program, other) if way == "egress" else (other, program)
                    yield from ((*pair, port) for port in ports(rule))


def outward(name: str, program: str) -> set[int]:
    found: set[int] = set()
    for rule in rules(name, program, "egress"):
        if not any(component(peer) for peer in rule.get("to", ())):
            found |= ports(rule)
    return found


@pytest.mark.parametrize("name", ["default", "everything", "object-store"])
@pytest.mark.parametrize("way", ["ingress", "egress"])
def test_programs_may_call_whom_the_architecture_says(name: str, way: str) -> None:
    assert set(drawn(name, way)) == ARROWS


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_reaches_its_own_stores_and_nothing_else(program: str) -> None:
    assert outward("default", program) == OUTWARD[program]


def test_further_ways_out_open_only_with_what_needs_them() -> None:
    assert outward("everything", "auth_service") == {5432, 6432} | SMTP | HTTPS | DNS
    assert outward("everything", "file_service") == {5432, 6432} | DNS | {3310}
    assert outward("everything", "gateway") == VALKEY | DNS | {8090}
    assert outward("object-store", "file_service") == POSTGRES | DNS | {9000}
    assert outward("object-store", "user_service") == POSTGRES | DNS


def test_stores_that_are_named_are_the_only_ones_reached() -> None:
    [to] = [rule["to"] for rule in rules("everything", "user_service", "egress") if 5432 in ports(rule)]
    assert to == [{"ipBlock": {"cidr": "10.1.0.0/24"}}]


@pytest.mark.parametrize("name", ["default", "everything"])
def test_strangers_reach_the_gateways_public_port_alone(name: str) -> None:
    for program in PROGRAMS:
        for rule in rules(name, program, "ingress"):
            if any(component(peer) for peer in rule.get("from", ())):
                continue
            if rule.get("from", [{}])[0].get("namespaceSelector") == {
                "matchLabels": {"kubernetes.io/metadata.name": "monitoring"}
            }:
                assert ports(rule) == {9080 + PROGRAMS.index(program)}
            else:
                assert (program, ports(rule)) == ("gateway", {8080})
                assert ("from" in rule) == (name == "everything")


def test_jobs_reach_postgres_alone_and_nobody_reaches_them() -> None:
    policy = of_kind("default", "NetworkPolicy")["jobs"]
    spec = policy["spec"]
    assert "ingress" not in spec
    assert set().union(*map(ports, spec["egress"])) == POSTGRES | DNS
    jobs = of_kind("default", "Job")
    assert jobs
    for job in jobs.values():
        labels = job["spec"]["template"]["metadata"]["labels"]
        assert spec["podSelector"]["matchLabels"].items() <= labels.items()
        order = [int(each["metadata"]["annotations"]["helm.sh/hook-weight"]) for each in (policy, job)]
        assert order[0] < order[1]


@pytest.mark.parametrize("name", ["default", "everything", "object-store"])
def test_every_pod_is_under_exactly_one_policy(name: str) -> None:
    policies = of_kind(name, "NetworkPolicy").values()
    workloads = [*of_kind(name, "Deployment").values(), *of_kind(name, "Job").values()]
    assert len(workloads) == len(list(pods(name)))
    for workload in workloads:
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert sum(each["spec"]["podSelector"]["matchLabels"].items() <= labels.items() for each in policies) == 1
