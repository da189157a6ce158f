"""Validate docker-compose.yml without Docker: `python -m deploy.compose.check DOCKER_COMPOSE`.

Compose itself resolves the file; the rules look at the outcome; and each program's settings are read from the
environment and the secrets that its container would have, so that a misspelt or missing variable shows here.
"""

import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.compose.provision import provision
from deploy.compose.rules import MAY_CHOWN, Model, breaches
from deploy.roles import RolesSettings
from shared.program import MigrationSettings
from shared.settings import Env, SettingsError

ROOT = Path(__file__).resolve().parents[2]
_MOUNT = "/run/colonnade"


class _Watched(dict[str, str]):
    """An environment that remembers which variables were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def resolve(compose: str) -> Model:
    """Return Compose's model of the file, all profiles included.

    Raises CalledProcessError when Compose rejects it; its words go to stderr.
    """
    command = [compose, "-f", str(ROOT / "docker-compose.yml"), "--profile", "*", "config", "--format", "json"]
    model: Model = json.loads(subprocess.run(command, check=True, capture_output=False, stdout=subprocess.PIPE).stdout)  # noqa: S603  the caller's own tool
    return model


def misread_environments(model: Model, secrets: Path) -> Iterator[str]:
    """Tell what each of our programs misses in its container's environment, and what there it never reads."""
    for name, service in model["services"].items():
        if name in MAY_CHOWN or not service["image"].startswith("colonnade:"):
            continue
        here = str(secrets / name)
        environment = _Watched({key: value.replace(_MOUNT, here) for key, value in service["environment"].items()})
        env = Env(environment)
        _settings(service["command"]).from_env(env)
        try:
            env.check()
        except SettingsError as exc:
            yield from (f"{name}: {mistake}" for mistake in exc.mistakes)
        yield from (f"{name}: nothing reads {variable}" for variable in sorted(set(environment) - environment.asked))


def _settings(command: list[str]) -> Any:
    """Return the settings class behind `python -m MODULE [migrate]`."""
    module = command[2]
    if module == "deploy.roles":
        return RolesSettings
    if command[3:] == ["migrate"]:
        return MigrationSettings
    return importlib.import_module(f"{module}.settings").Settings


def main(compose: str) -> int:
    try:
        model = resolve(compose)
    except subprocess.CalledProcessError:
        return 1
    with tempfile.TemporaryDirectory() as folder:
        provision(Path(folder), chown=lambda _path, _user, _group: None)
        found = [*breaches(model), *misread_environments(model, Path(folder))]
    for line in found:
        print(f"docker-compose.yml: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
