"""The compose stack, as far as it shows without Docker; `make compose-check` has Compose itself read the real file."""

import re
import stat
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from deploy.compose.check import misread_environments
from deploy.compose.provision import GRAFANA_USER, PROGRAM_USER, STORE_USER, provision, shares
from deploy.compose.rules import breaches
from deploy.originals import Originals
from shared.identity import Identity, Kind, Signer, Verifier, load_trust

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")

CONTAINER: dict[str, Any] = {
    "image": "colonnade:0.1.0",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "deploy": {"resources": {"limits": {"cpus": 1, "memory": "1", "pids": 1}}},
    "healthcheck": {"test": ["CMD", "true"]},
    "environment": {"DRAIN_SECONDS": "12"},
    "stop_grace_period": "1m0s",
    "networks": {"calls": None},
    "volumes": [{"type": "volume", "source": "secrets_auth_service", "read_only": True}],
}
NETWORKS = {"edge": {"internal": False}, "calls": {"internal": True}}


def model(**changes: Any) -> dict[str, Any]:
    return {"services": {"auth_service": deepcopy(CONTAINER) | changes}, "networks": NETWORKS}


def test_hardened_container_breaks_no_rule() -> None:
    assert breaches(model()) == []


@pytest.mark.parametrize(
    ("changes", "breach"),
    [
        ({"ports": [{"published": "8081"}]}, "publishes"),
        ({"networks": {"edge": None}}, "isn't internal"),
        ({"networks": None}, "names no network"),
        ({"read_only": False}, "writable"),
        ({"cap_drop": None}, "keeps capabilities"),
        ({"cap_add": ["NET_ADMIN"]}, "keeps capabilities"),
        ({"cap_add": ["NET_BIND_SERVICE"]}, "keeps capabilities"),
        ({"volumes": [{"type": "bind", "source": "/etc"}]}, "may write /etc of the host"),
        ({"volumes": [{"type": "bind", "source": "/run/docker.sock", "read_only": True}]}, "Docker's socket"),
        ({"security_opt": []}, "gain privileges"),
        ({"user": "0:0"}, "as root"),
        ({"deploy": {}}, "no limit of cpus, memory, pids"),
        ({"healthcheck": None} | {"stop_grace_period": "5s"}, "before it has drained"),
        ({"image": "colonnade"}, "no fixed tag"),
        ({"image": "mirror.example:5000/colonnade:latest"}, "no fixed tag"),
        ({"environment": {"PASSWORD_PEPPER": "x"}}, "give PASSWORD_PEPPER_FILE"),
        ({"volumes": [{"source": "secrets_auth_service"}]}, "may write"),
        ({"volumes": [{"source": "secrets_gateway", "read_only": True}]}, "is read by auth_service"),
    ],
)
def test_careless_container_is_reported(changes: dict[str, Any], breach: str) -> None:
    found = breaches(model(**changes))
    assert len(found) == 1
    assert breach in found[0]


def test_what_people_look_at_is_published_on_this_host_alone() -> None:
    there = model()
    there["services"]["grafana"] = CONTAINER | {"ports": [{"published": "3000", "host_ip": "0.0.0.0"}], "volumes": []}
    assert breaches(there) == ["grafana: publishes 0.0.0.0:3000"]


def test_network_without_masquerading_is_no_way_out() -> None:
    there = model(networks={"panels": None})
    opened = {"driver_opts": {"com.docker.network.bridge.enable_ip_masquerade": "false"}}
    assert breaches(there | {"networks": {"panels": opened}}) == []
    assert breaches(there | {"networks": {"panels": {}}}) == ["auth_service: is on panels, which isn't internal"]


def test_program_without_a_health_check_is_reported() -> None:
    careless = model()
    del careless["services"]["auth_service"]["healthcheck"]
    assert breaches(careless) == ["auth_service: no health check"]


def test_misspelt_and_missing_variables_are_reported(tmp_path: Path) -> None:
    job = {"image": "colonnade:1", "command": ["python", "-m", "deploy.roles"], "environment": {"DATABASE_ADMIN": "x"}}
    found = list(misread_environments({"services": {"roles": job}}, tmp_path))
    assert "roles: DATABASE_ADMIN_URL is not set (nor DATABASE_ADMIN_URL_FILE)" in found
    assert "roles: nothing reads DATABASE_ADMIN" in found


def give_to_nobody(_path: Path, _user: int, _group: int) -> None:
    """Stand in for chown, which only root may call."""


def test_secrets_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    given: dict[Path, int] = {}

    def give(path: Path, user: int, _group: int) -> None:
        given[path] = user

    provision(tmp_path, give)
    first = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    provision(tmp_path, give_to_nobody)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == first
    assert {stat.S_IMODE(path.stat().st_mode) for path in first} == {0o600}
    handed_over = {path for path in first if path.parent.name != "originals"}
    assert {path: user for path, user in given.items() if user == STORE_USER}.keys() == {
        tmp_path / "postgres" / "password",
        tmp_path / "valkey" / "users.acl",
    }
    assert given.keys() == handed_over
    assert set(given.values()) == {STORE_USER, PROGRAM_USER, GRAFANA_USER}


def test_replaced_original_reaches_its_reader(tmp_path: Path) -> None:
    provision(tmp_path, give_to_nobody)
    (tmp_path / "originals" / "valkey").write_text("brought-from-elsewhere\n", encoding="utf-8")
    provision(tmp_path, give_to_nobody)
    assert (tmp_path / "gateway" / "valkey_url").read_text(encoding="utf-8") == (
        "redis://gateway:brought-from-elsewhere@valkey:6379/0"
    )


def test_provisioned_keys_and_trust_fit_each_other(tmp_path: Path) -> None:
    provision(tmp_path, give_to_nobody)
    signer = Signer.from_file("gateway", tmp_path / "gateway" / "identity_key.pem")
    verifier = Verifier(load_trust(tmp_path / "user_service" / "trust.json"), "user_service")
    user = Identity(Kind.USER, "01890a5d-ac96-774b-bcce-b302099a8057")
    assert verifier.verify(signer.sign(user, "user_service")) == user


def test_no_private_key_or_original_reaches_two_containers(tmp_path: Path) -> None:
    keys = [
        (name, content)
        for share in shares(Originals(tmp_path))
        for name, content in share.files.items()
        if name != "trust.json" and not name.endswith("_password")
    ]
    assert len({content for _, content in keys}) == len(keys)


def test_dockerfile_builds_without_buildkit_and_runs_as_an_ordinary_user() -> None:
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert stages == ["python:3.13-slim-bookworm"] * 2
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == [f"{PROGRAM_USER}:{PROGRAM_USER}"]
    assert not re.search(r"^(# syntax=|RUN --|COPY --(?!from=)|RUN <<)", DOCKERFILE, re.MULTILINE)


def test_image_holds_every_program() -> None:
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for package in ("shared", "gateway", "auth_service", "user_service", "file_service", "deploy"):
        assert f"COPY {package} {package}" in DOCKERFILE
        assert f"!{package}" in allowed
