"""Replace the containers of services one service after the other, without a failed request:

    python3 -m deploy.compose.roll [SERVICE ...]        all four programs, after the one-shot jobs, if none is named

New containers are started beside the old ones; once all of them are healthy, the old ones are stopped, which answer on
until others have seen that they go (DRAIN_SECONDS). New ones that don't get healthy are removed again, and the old ones
stay as they are. Needs nothing but Python and Compose; what `docker compose` reads (.env, COMPOSE_FILE,
COMPOSE_PROFILES, DOCKER_HOST) holds here too.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
JOBS = ("secrets", "roles", "migrate_auth", "migrate_user", "migrate_file")
PROGRAMS = ("auth_service", "user_service", "file_service", "gateway")  # whom others ask comes first
_PATIENCE = 180.0  # seconds until new containers have to be healthy
_PAUSE = 0.5
# One that was started again has failed, whatever it is doing now.
_STANDING = (
    "{{if or .State.Restarting .RestartCount}}ending"
    "{{else if .State.Running}}{{.State.Health.Status}}"
    "{{else}}exited{{end}}"
)
_FAILED = frozenset({"unhealthy", "ending", "exited"})


class RollError(Exception):
    """It can't be rolled, or was rolled back; says why, and what to do."""


class Roll:
    """`compose` is the command that Compose is called by."""

    def __init__(self, compose: Sequence[str]) -> None:
        self._compose = compose

    def run_jobs(self) -> None:
        """Secrets, roles and migrations, of the release that will run: all of them can run beside programs at work."""
        for job in JOBS:
            self._call(*self._compose, "run", "--rm", "--no-deps", "-T", job)
            print(f"{job}: done")

    def roll(self, service: str) -> None:
        began = time.monotonic()
        old = self._containers(service, "--status", "running")
        if not old:
            raise RollError(f"{service}: none runs; start it with `docker compose up -d {service}`.")
        if set(self._containers(service, "--all")) != set(old):
            raise RollError(
                f"{service}: some of its containers don't run; see why, then `docker compose rm {service}`."
            )
        if (port := self._fixed_port(service, len(old))) is not None:
            raise RollError(
                f"{service}: publishes port {port} of this host, which only one container can have. Put caddy in front "
                "(the profile tls) with PORT= in .env, or a proxy of your own with PORT=8080-8083 (docs/compose.md)."
            )
        scaled = f"{service}={2 * len(old)}"
        try:
            self._call(*self._compose, "up", "--detach", "--no-deps", "--no-recreate", "--scale", scaled, service)
            self._await_health(service, self._made(service, old), len(old))
        except RollError:
            self._remove(self._made(service, old))
            raise
        self._remove(old)
        print(f"{service}: {len(old)} replaced in {time.monotonic() - began:.0f} s")

    def _containers(self, service: str, *which: str) -> list[str]:
        return self._call(*self._compose, "ps", "--quiet", *which, service).split()

    def _made(self, service: str, old: Sequence[str]) -> list[str]:
        """Return those beside the old ones, whatever has become of them."""
        return sorted(set(self._containers(service, "--all")) - set(old))

    def _fixed_port(self, service: str, containers: int) -> str | None:
        """Return the published port, or range, that has no place for as many containers again."""
        ports = self._model()["services"][service].get("ports", ())
        published = [str(port.get("published") or "") for port in ports]
        return next((each for each in published if not has_room(each, 2 * containers)), None)

    def _model(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self._call(*self._compose, "config", "--format", "json"))
        return found

    def _await_health(self, service: str, containers: Sequence[str], wanted: int) -> None:
        if len(containers) != wanted:
            raise RollError(f"{service}: {len(containers)} new containers were made, and not {wanted}; kept the old.")
        deadline = time.monotonic() + _PATIENCE
        while standing := {each: state for each in containers if (state := self._health(each)) != "healthy"}:
            failed = next((each for each, state in standing.items() if state in _FAILED), None)
            if failed is not None or time.monotonic() > deadline:
                states = ", ".join(sorted(set(standing.values())))
                said = _last_words(failed or next(iter(standing)))
                raise RollError(f"{service}: the new containers are {states}; kept the old. {said}")
            time.sleep(_PAUSE)

    def _health(self, container: str) -> str:
        return self._call("docker", "inspect", "--format", _STANDING, container)

    def _remove(self, containers: Sequence[str]) -> None:
        """One by one, each within the time that docker-compose.yml grants it (stop_grace_period).

        Who sends requests there learns of each that it has gone while the next one still answers. Those that went all
        at once could be tried one after the other, by a request that is given up then.
        """
        for container in containers:
            self._call("docker", "stop", container)
            self._call("docker", "rm", container)

    def _call(self, *command: str) -> str:
        try:
            ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  commands of ours
        except OSError as exc:
            raise RollError(f"{command[0]}: {exc.strerror}") from exc
        if ran.returncode:
            raise RollError(f"{' '.join(command)}: {ran.stderr.strip()[-1000:]}")
        return ran.stdout.strip()


def _last_words(container: str) -> str:
    """Return what it wrote last, wherever to."""
    command = ["docker", "logs", "--tail", "5", container]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # noqa: S603  as above
    return ran.stdout.strip()


def has_room(published: str, containers: int) -> bool:
    """Whether so many containers can each have a port of their own: of a range, or any free one where none is named."""
    first, _, last = published.partition("-")
    return not published or int(last or first) - int(first) + 1 >= containers


def found_compose() -> list[str]:
    """Return how Compose is called here: as a plugin of docker, or by its own name."""
    plugin = ["docker", "compose"]
    if shutil.which("docker") and not subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode:  # noqa: S603
        return plugin
    return ["docker-compose"]


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.compose.roll", description="Replace containers gently.")
    parser.add_argument("services", nargs="*", metavar="SERVICE", help="all four programs, after the jobs, if none")
    parser.add_argument("--compose", help="the command of Compose, where it is not on the PATH")
    chosen = parser.parse_args(argv)
    roll = Roll([chosen.compose] if chosen.compose else found_compose())
    try:
        if not chosen.services:
            roll.run_jobs()
        for service in chosen.services or PROGRAMS:
            roll.roll(service)
    except RollError as exc:
        print(f"roll: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
