"""Every secret is a file from a Secret that somebody else made; which there have to be is the programs' business."""

import re
from pathlib import Path

import pytest

from deploy.kubernetes.secrets import Places, manifests
from deploy.originals import Originals
from tests.helm.rendering import PROGRAMS, SERVICES, VALUES, Manifest, container, environment, of_kind, pods, rendered

SECRET = re.compile(r"(PASSWORD|PEPPER|SECRET|TOKEN|KEY|KEY_ID|(DATABASE|OWNER|DIRECT|ADMIN|VALKEY|CACHE|SMTP)_URL)$")
MOUNT = "/run/colonnade/"


def sources(pod: Manifest) -> list[Manifest]:
    [volume] = [each for each in pod["volumes"] if each["name"] == "secrets"]
    found: list[Manifest] = volume["projected"]["sources"]
    return found


def keys(pod: Manifest) -> dict[str, set[str]]:
    """Return the keys that are mounted, by the Secret's name."""
    return {
        each["secret"]["name"]: {item["key"] for item in each["secret"]["items"]}
        for each in sources(pod)
        if "secret" in each
    }


@pytest.mark.parametrize("name", VALUES)
def test_no_secret_is_in_an_environment_or_made_by_the_chart(name: str) -> None:
    assert not of_kind(name, "Secret")
    assert "stringData" not in rendered(name)
    for component, pod in pods(name):
        assert "envFrom" not in container(pod)
        assert all(set(each) == {"name", "value"} for each in container(pod)["env"])
        assert not [variable for variable in environment(pod) if SECRET.search(variable)], component


@pytest.mark.parametrize("name", VALUES)
def test_every_secret_file_that_is_named_is_mounted_and_no_other(name: str) -> None:
    for component, pod in pods(name):
        named = {value.removeprefix(MOUNT) for value in environment(pod).values() if value.startswith(MOUNT)}
        mounted = {item["path"] for each in sources(pod) for item in (each.get("secret") or each["configMap"])["items"]}
        assert named == mounted, component
        [volume] = [each for each in pod["volumes"] if each["name"] == "secrets"]
        assert volume["projected"]["defaultMode"] == 0o440


@pytest.mark.parametrize("name", VALUES)
def test_no_secret_has_two_readers(name: str) -> None:
    readers: dict[str, str] = {}
    for component, pod in pods(name):
        for secret in set(keys(pod)) - {"public-keys"}:
            assert readers.setdefault(secret, component) == component


@pytest.mark.parametrize("name", VALUES)
def test_owners_password_is_the_migrations_alone(name: str) -> None:
    for component, pod in pods(name):
        owner = "database_owner_url" in set().union(*keys(pod).values())
        assert owner == component.startswith("migrate-")


def test_secrets_that_are_printed_are_those_that_the_chart_mounts(tmp_path: Path) -> None:
    places = Places("pg.example.org:5432/colonnade", None, "redis://valkey.example.org:6379/0")
    printed = {each["metadata"]["name"]: each for each in manifests(Originals(tmp_path), places, "colonnade")}
    for name in ("default", "everything"):
        for component, pod in pods(name):
            for secret, wanted in keys(pod).items():
                if secret in printed:
                    optional = {"cache_url", "smtp_url"}
                    assert wanted - optional <= set(printed[secret]["stringData"]), component
    mounted = set().union(*(keys(pod) for _, pod in pods("default")))
    assert mounted == {name for name, each in printed.items() if each["kind"] == "Secret"} - {
        "colonnade-valkey",
        "colonnade-roles",
    }


def test_secrets_of_other_names_are_taken() -> None:
    pod = of_kind("everything", "Deployment")["auth_service"]["spec"]["template"]["spec"]
    assert set(keys(pod)) == {"secrets-of-auth", "public-keys"}
    job = of_kind("everything", "Job")["migrate-auth"]["spec"]["template"]["spec"]
    assert set(keys(job)) == {"owner-of-auth"}


@pytest.mark.parametrize("which", SERVICES)
def test_schema_is_migrated_before_its_service_changes(which: str) -> None:
    job = of_kind("default", "Job")[f"migrate-{which.removesuffix('_service')}"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    pod = job["spec"]["template"]["spec"]
    assert container(pod)["command"] == ["python", "-m", which, "migrate"]
    assert environment(pod) == {"DATABASE_OWNER_URL_FILE": f"{MOUNT}database_owner_url"}


def test_there_is_a_job_for_each_schema_and_one_that_makes_them() -> None:
    assert set(of_kind("default", "Job")) == {f"migrate-{each.removesuffix('_service')}" for each in SERVICES}
    roles = of_kind("everything", "Job")["roles"]
    assert int(roles["metadata"]["annotations"]["helm.sh/hook-weight"]) < 0
    assert not of_kind("minimal", "Job")
    assert set(of_kind("minimal", "Deployment")) == set(PROGRAMS)
