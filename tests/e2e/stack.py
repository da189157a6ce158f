"""A whole running stack for tests: the launcher in a process of its own, with a state folder and ports of its own."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp

from deploy.local import outside
from deploy.local.state import State
from tests.ledger import ledger
from tests.log_check import keep

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = ("gateway", "auth_service", "user_service", "file_service")
PROCESSES = ("postgres", "valkey", *PROGRAMS, "mail_catcher")
_QUICK = {"BCRYPT_COST": "4"}
_LOOPBACK = "127.0.0.1"


@dataclass(slots=True)
class Stack:
    """`url` is the gateway's. `private` and `services` are base URLs by program: the private ports, the public ones."""

    launcher: subprocess.Popen[str]
    port: int
    state: Path
    welcome: str

    @property
    def url(self) -> str:
        return f"http://{_LOOPBACK}:{self.port}"

    @property
    def mail(self) -> str:
        """Where caught mail is shown, as JSON at `/mails.json`."""
        return f"http://{_LOOPBACK}:{self.port + 4}"

    def socket(self, service: str) -> Path:
        return self.state / "run" / "services" / f"{service}.sock"

    @property
    def private(self) -> dict[str, str]:
        return {name: f"http://{_LOOPBACK}:{self.port + 1000 + offset}" for offset, name in enumerate(PROGRAMS)}

    @property
    def pids(self) -> dict[str, int]:
        """The processes by name; one that is between two lives is missing."""
        running = json.loads((self.state / "running.json").read_bytes())
        return {name: process["pid"] for name, process in running["processes"].items()}

    def pid(self, name: str) -> int:
        """Return the process's number, 0 between two lives."""
        return self.pids.get(name, 0)

    async def ready(self) -> bool:
        """Tell whether all of them run and every program says that it is ready."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            answers = [await _answers(session, f"{private}/readyz") for private in self.private.values()]
        return all(answers) and set(self.pids) == set(PROCESSES)

    def log(self, program: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.state / "logs" / f"{program}.log").read_text().splitlines()]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Have the launcher stop everything, and return its exit status."""
        self.launcher.send_signal(number)
        return self.launcher.wait(timeout=30)


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == HTTPStatus.OK
    except (aiohttp.ClientError, TimeoutError):
        return False


def command(name: str, state: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run one of the launcher's commands to its end."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", name, *arguments],
        cwd=ROOT,
        env={**_inherited(), "STATE_DIR": str(state), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def launch(state: Path, port: int, verb: str = "run", **environ: str) -> subprocess.Popen[str]:
    """Start the launcher (`verb` is `make run`'s, or another that serves); what it says can be read from its stdout.

    It ends with this process.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.local", verb, "--with-parent"],
        cwd=ROOT,
        env={**_inherited(), **_QUICK, "STATE_DIR": str(state), "PORT": str(port), **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _inherited() -> Mapping[str, str]:
    ours = ("PATH", "HOME", "PG_BINDIR", "VALKEY_BIN")
    return {name: value for name in ours if (value := os.environ.get(name))}


def await_ready(launcher: subprocess.Popen[str]) -> str:
    """Return what the launcher says when all is ready; fail with all that it said when it ends instead."""
    assert launcher.stdout is not None
    said = ""
    for line in launcher.stdout:
        said += line
        if line.startswith("  The end"):
            return said
    raise AssertionError("the stack didn't start: " + said)


@contextmanager
def running_stack(state: Path, port: int | None = None, verb: str = "run", **environ: str) -> Iterator[Stack]:
    """Run a stack on `state` until the block ends, however it ends."""
    port = port or free_port()
    with launch(state, port, verb, **environ) as launcher:
        try:
            yield Stack(launcher, port, state, await_ready(launcher))
        finally:
            if launcher.poll() is None:
                launcher.terminate()
                launcher.communicate(timeout=30)


@contextmanager
def state_folder(name: str = "state") -> Iterator[Path]:
    """Make a folder for a stack's state. Whoever PostgreSQL runs as can pass it, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="colonnade-test-"))
    folder.chmod(0o711)
    state = folder / name
    try:
        yield state
    finally:
        _tell_of(state)
        if (state / "instance").exists():
            outside.remove(State(state).instance)
        shutil.rmtree(folder, ignore_errors=True)


def _tell_of(state: Path) -> None:
    """Take down the stack's own secrets, and keep its logs to be searched for secrets."""
    for each in (state / "secrets").glob("**/*"):
        if each.is_file():
            for line in each.read_text("utf-8", "replace").splitlines():
                if not line.startswith("-----"):
                    ledger.note(line.strip(), f"file {each.name}")
    keep(state / "logs", state.parent.name)


def free_port() -> int:
    """Return a PORT whose nine ports are all free, below those that the system hands out by itself."""
    while True:
        port = random.randrange(10_000, 31_000, 5)
        if all(_is_free(port + base + offset) for base in (0, 1000) for offset in range(5)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((_LOOPBACK, port))
        except OSError:
            return False
    return True
