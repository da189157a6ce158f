"""Children of the launcher: how one is made so that it can't outlive its parent, and how one is recognised later."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared import forking

LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_LOG_MODE = 0o600
_ZOMBIE = "Z"
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a child runs as."""

    uid: int
    gid: int

    def assume(self) -> None:
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How a child starts its life. `death_signal` reaches it when the launcher dies, however that happens.

    Its output goes to `log`; `quiet` drops what isn't said on standard error.
    """

    name: str
    log: Path
    death_signal: signal.Signals = signal.SIGTERM
    account: Account | None = None
    stdin: int | None = None
    quiet: bool = False


def fork(spec: ChildSpec, run: Callable[[], int]) -> int:
    """Run `run` in a child in a session of its own, out of reach of the terminal's Ctrl-C, and return its pid."""
    parent = os.getpid()

    def settled() -> int:
        _settle(spec, parent)
        return run()

    return forking.fork(settled)


def _settle(spec: ChildSpec, parent: int) -> None:
    _redirect(spec)
    if spec.account:
        os.chdir("/")  # the other user may not even see our folder
        spec.account.assume()
    if LINUX:  # after the change of user, which clears it
        _libc.prctl(_PR_SET_NAME, spec.name.encode())
        die_with_parent(spec.death_signal, parent)


def _redirect(spec: ChildSpec) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    log = os.open(spec.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _LOG_MODE)
    os.dup2(null if spec.stdin is None else spec.stdin, 0)
    os.dup2(null if spec.quiet else log, 1)
    os.dup2(log, 2)
    os.closerange(3, 4096)  # the launcher's lock and pipes, above all


def begin_log(log: Path) -> None:
    """Leave it empty, and to its owner alone, also where it was there before."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _LOG_MODE)
    os.fchmod(handle, _LOG_MODE)
    os.close(handle)


def die_with_parent(number: signal.Signals, parent: int) -> None:
    """Have the kernel send this process a signal when its parent ends (Linux)."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(number))
    if os.getppid() != parent:  # it ended before we asked
        os.kill(os.getpid(), number)


def run_binary(argv: list[str], environ: Mapping[str, str]) -> int:
    """Become another program: what a child of `fork` runs for a server of its own."""
    os.execve(argv[0], argv, dict(environ))  # noqa: S606  no shell is the point


def start_mark(pid: int) -> str | None:
    """Return what tells this process from a later one of the same number, or None when it has ended.

    One that has ended but was not reaped counts as ended: in a container nobody may ever reap it.
    """
    if not LINUX:
        return _portable_start_mark(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if fields[0] == _ZOMBIE else fields[19]


def _portable_start_mark(pid: int) -> str | None:
    ps = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    found = subprocess.run(ps, capture_output=True, text=True, check=False).stdout.split(maxsplit=1)  # noqa: S603  a constant program
    return None if not found or found[0].startswith(_ZOMBIE) else found[1].strip()


def reachable(account: Account, path: Path) -> bool:
    """Tell whether that user could get at the path, by asking the kernel as that user."""
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    status = 1
    try:
        account.assume()
        status = 0 if os.access(path, os.X_OK) else 1
    finally:
        os._exit(status)
