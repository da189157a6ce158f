"""Each program accepts the environment that its pod gives it, and gets what the compose stack gives."""

import importlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deploy.compose.check import _Watched
from deploy.kubernetes.secrets import Places, manifests
from deploy.originals import Originals
from deploy.roles import RolesSettings
from shared.program import MigrationSettings
from shared.settings import Env
from tests.authority import Authority
from tests.helm.rendering import PROGRAMS, VALUES, environment, pods, program, read_yaml
from tests.stores import ROOT

MOUNT, FILES = "/run/colonnade", "/etc/colonnade"
# What a person brings along, beside what is made.
BROUGHT = {
    "smtp_url": "smtp://user:x7Kq91zzPd@mail.example.org:587",
    "cache_url": "redis://cache.example.org:6379/0",
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "a-secret-access-key",
}


@pytest.fixture(scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what each pod finds in its mounts, by component: `<component>/run`, `<component>/etc`."""
    folder = tmp_path_factory.mktemp("mounted")
    places = Places("pg.example.org:5432/colonnade", None, "redis://valkey.example.org:6379/0")
    printed = {each["metadata"]["name"]: each for each in manifests(Originals(folder / "originals"), places, "c")}
    trust = printed.pop("c-trust")["data"]
    for name, secret in printed.items():
        component = name.removeprefix("c-")
        run = folder / (component if component.startswith("migrate") else component.replace("-", "_")) / "run"
        run.mkdir(parents=True)
        for key, content in (secret["stringData"] | trust | BROUGHT).items():
            (run / key).write_text(content)
    _bring_files(folder)
    return folder


def _bring_files(folder: Path) -> None:
    """What `files` of everything.yaml names."""
    pair = Authority(folder).issue("api.example.org")
    contents: dict[str, dict[str, Path | None]] = {
        "gateway": {"secret-certificate/tls.crt": pair.certificate, "secret-certificate/tls.key": pair.key},
        "auth_service": {"secret-providers/providers.toml": None, "config-mails/de/footer.txt": None},
        "file_service": {"config-purposes/purposes.toml": None},
    }
    for component, files in contents.items():
        for name, source in files.items():
            place = folder / component / "etc" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(source.read_bytes() if source else b"")


def given(pod: dict[str, Any], folder: Path) -> _Watched:
    run, etc = str(folder / "run"), str(folder / "etc")
    return _Watched({name: value.replace(MOUNT, run).replace(FILES, etc) for name, value in environment(pod).items()})


def reader(component: str) -> Any:
    if component == "roles":
        return RolesSettings
    if component.startswith("migrate-"):
        return MigrationSettings
    return importlib.import_module(f"{component}.settings").Settings


@pytest.mark.parametrize("name", VALUES)
def test_programs_accept_what_they_are_told_and_read_all_of_it(name: str, mounted: Path) -> None:
    """Whatever docs/configuration.md calls required is given: a program without it doesn't start."""
    for component, pod in pods(name):
        environ = given(pod, mounted / component)
        env = Env(environ)
        reader(component).from_env(env)
        env.check()
        assert set(environ) <= environ.asked | {f"{each}_FILE" for each in environ.asked}, component


@cache
def compose() -> Mapping[str, Mapping[str, Any]]:
    """Return the compose stack's services."""
    [document] = read_yaml((ROOT / "docker-compose.yml").read_text())
    services: Mapping[str, Mapping[str, Any]] = document["services"]
    return services


def told_there(which: str) -> dict[str, str]:
    """Return what the compose stack tells a program unless a person says otherwise: `${NAME:-this}`."""
    given = {name: str(value) for name, value in compose()[which]["environment"].items()}
    found = {name: re.sub(r"^\$\{\w+:?-(.*)\}$", r"\1", value) for name, value in given.items()}
    return {name: value for name, value in found.items() if value}


# What is the default anyway, and what is only of use with an object store.
# Of the last two, the proxy is the chart's user's own, and readiness keeps requests from who can't answer them yet.
_NEEDLESS = {
    *("WORKERS", "AUTH_EMAIL_VERIFICATION", "AUTH_SECOND_FACTOR", "FILES_SPOOL"),
    *("TRUSTED_PROXIES", "LISTEN_WAIT_SECONDS"),
}


@pytest.mark.parametrize("which", PROGRAMS)
def test_pod_is_told_what_the_compose_stacks_container_is_told(which: str) -> None:
    there, here = told_there(which), environment(program("default", which))
    assert set(there) - _NEEDLESS <= set(here)
    alike = [name for name in there if name not in _NEEDLESS and not name.endswith("_URL")]
    assert {name: here[name] for name in alike} == {name: there[name] for name in alike}


@pytest.mark.parametrize("which", PROGRAMS)
def test_pod_may_use_as_much_as_the_compose_stacks_container(which: str) -> None:
    there = compose()[which]["deploy"]["resources"]["limits"]
    here = program("default", which)["containers"][0]["resources"]["limits"]
    assert float(here["cpu"]) == float(there["cpus"])
    assert here["memory"] == f"{there['memory']}i"
    grace = int(compose()[which]["stop_grace_period"].removesuffix("s"))
    assert program("default", which)["terminationGracePeriodSeconds"] == grace
