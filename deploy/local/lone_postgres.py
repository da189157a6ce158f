"""PostgreSQL by itself, for work on an installation's database while nothing else runs."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.local.binaries import postgres_bindir
from deploy.local.errors import LaunchError
from deploy.local.home import find_home
from deploy.local.postgres import SUPERUSER, Postgres
from deploy.local.state import State

_START_SECONDS, _STOP_SECONDS = 60.0, 30.0
_PROBE = 0.02


@contextmanager
def lone_postgres(
    state: State, password: str, environ: Mapping[str, str], settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run the state's server, which is made on first use; yield a superuser's URL. Raises LaunchError.

    Forks, so no thread may be at work. The state is the caller's alone.
    """
    postgres = Postgres(find_home(state, postgres_bindir(environ)), state.logs / "postgres.log", settings)
    postgres.end_leftover()
    postgres.create(password)
    pid = postgres.start()
    try:
        _await_ready(postgres, pid)
        yield postgres.url(SUPERUSER, password, "postgres")
    finally:
        _stop(postgres, pid)


def _await_ready(postgres: Postgres, pid: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while not postgres.ready():
        if _ended(pid) or time.monotonic() > until:
            raise LaunchError(f"PostgreSQL doesn't start: {_tail(postgres.log)}")
        time.sleep(_PROBE)


def _stop(postgres: Postgres, pid: int) -> None:
    for number in (postgres.stop_signal, postgres.kill_signal, signal.SIGKILL):
        if _ended(pid):
            return
        os.kill(pid, number)
        until = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < until and not _ended(pid):
            time.sleep(_PROBE)


def _ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:  # it was seen to end before
        return True


def _tail(log: Path) -> str:
    return " ".join(log.read_text(errors="replace").splitlines()[-5:]) if log.is_file() else f"{log} is empty."
