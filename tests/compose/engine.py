"""A Docker engine to try the stack on: the one that can be reached, or else one of our own, with data of its own."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.compose.firewall import keep_firewall

_PATIENCE = 60.0  # seconds for the daemon to start, and to stop


class NoEngineError(Exception):
    """There is no engine, and none could be started; says what to do."""


@dataclass(frozen=True, slots=True)
class Engine:
    """`environ` is what the docker and compose commands need to find it; `ours`: it ends with the drill."""

    environ: Mapping[str, str]
    ours: bool

    @property
    def command_environ(self) -> dict[str, str]:
        return {**os.environ, **self.environ}

    def docker(self, *arguments: str, check: bool = True, **options: str) -> str:
        """Run a docker command and return what it says. Raises CalledProcessError, having shown why."""
        ran = subprocess.run(
            ["docker", *arguments],
            env={**self.command_environ, **options},
            capture_output=True,
            text=True,
            check=False,
        )
        if check and ran.returncode:
            print(ran.stderr, file=sys.stderr)
            ran.check_returncode()
        return ran.stdout.strip()

    @property
    def version(self) -> str:
        return self.docker("version", "--format", "{{.Server.Version}}")


@contextmanager
def engine(home: Path, *, keep: bool) -> Iterator[Engine]:
    """Yield the reachable engine; otherwise one whose data lies in `home`, and is removed with it unless `keep`."""
    if shutil.which("docker") is None:
        raise NoEngineError("There is no docker command: install Docker Engine, or on Debian docker.io.")
    if _answers({}):
        yield Engine({}, ours=False)
        return
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        raise NoEngineError(
            "No Docker engine answers: start one, set DOCKER_HOST, or have dockerd installed and be root."
        )
    home.mkdir(parents=True, exist_ok=True)
    _unmount(home)
    try:
        with keep_firewall(), _daemon(home) as environ:
            yield Engine(environ, ours=True)
    finally:
        _unmount(home)
        shutil.rmtree(home / "run", ignore_errors=True)
        if not keep:
            shutil.rmtree(home)


@contextmanager
def _daemon(home: Path) -> Iterator[dict[str, str]]:
    run = home / "run"
    run.mkdir(exist_ok=True)
    environ = {"DOCKER_HOST": f"unix://{run}/docker.sock"}
    command = ["dockerd", "--data-root", str(home / "data"), "--exec-root", str(run / "exec")]
    command += ["--host", environ["DOCKER_HOST"], "--pidfile", str(run / "pid"), "--bridge", "none"]
    command += ["--default-ulimit", "nofile=4096:4096"]
    with (home / "dockerd.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as daemon:
        try:
            deadline = time.monotonic() + _PATIENCE
            while not _answers(environ):
                if daemon.poll() is not None or time.monotonic() > deadline:
                    raise NoEngineError(f"dockerd didn't start:\n{_end_of(home / 'dockerd.log')}")
                time.sleep(0.1)
            yield environ
        finally:
            daemon.terminate()
            try:
                daemon.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                daemon.kill()


def _answers(environ: Mapping[str, str]) -> bool:
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(command, env={**os.environ, **environ}, capture_output=True, check=False).returncode == 0


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])


def _unmount(home: Path) -> None:
    """Undo what a daemon that was killed left mounted, the deepest first."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    for mount in sorted((each for each in mounts if Path(each).is_relative_to(home)), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False)
