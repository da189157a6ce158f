"""Programs under measurement: pinned to a core, ended with us, and what their process trees use. Linux alone."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from deploy.local.processes import die_with_parent

ROOT = Path(__file__).resolve().parent.parent
MEASURED = 0  # the core that what is measured runs on; everything else keeps off it
_TICK = os.sysconf("SC_CLK_TCK")
_LISTEN_SECONDS, _STOP_SECONDS = 20, 5


class Failed(Exception):
    """A program under measurement didn't do as it should; its row is left out, and says why."""


class Missing(Failed):
    """What was to be measured isn't there: no failure of ours."""


@dataclass(frozen=True, slots=True)
class Program:
    """`output` is a file for what it says. `piped`: its log goes into a pipe that is read, as containers' logs are."""

    argv: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    output: Path | None = None
    piped: bool = False


def keep_off_the_measured_core() -> None:
    """Move this process, and all that it will start, to the other cores, where there are any."""
    os.sched_setaffinity(0, (os.sched_getaffinity(0) - {MEASURED}) or {MEASURED})


@contextmanager
def on_the_measured_core() -> Iterator[None]:
    """What is started in this block runs there, and all that it starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {MEASURED})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(program: Program, port: int, *, measured: bool = True) -> Iterator[int]:
    """Run a program that listens on `port` until the block ends; yields its process id. Raises Failed."""
    with _output(program) as (output, errors):
        process = subprocess.Popen(
            list(program.argv),
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **program.environ},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            preexec_fn=_settle(measured=measured),  # noqa: PLW1509  this process has no threads
        )
        try:
            _await_port(process, port, program)
            yield process.pid
        finally:
            _stop(process)


def _settle(*, measured: bool) -> Callable[[], None]:
    parent = os.getpid()

    def settle() -> None:
        die_with_parent(signal.SIGTERM, parent)
        if measured:
            os.sched_setaffinity(0, {MEASURED})

    return settle


@contextmanager
def _output(program: Program) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Yield what becomes its standard output, and its standard error."""
    with (program.output or Path(os.devnull)).open("ab") as file:
        if not program.piped:
            yield file, file
            return
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:
            assert reader.stdin is not None
            yield reader.stdin, file


def _await_port(process: subprocess.Popen[bytes], port: int, program: Program) -> None:
    until = time.monotonic() + _LISTEN_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    said = program.output.read_text(errors="replace")[-600:] if program.output else ""
    raise Failed(f"{Path(program.argv[0]).name} doesn't listen on port {port}: {said}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tree(pid: int) -> list[int]:
    """Return the process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            children.setdefault(int(_stat(path)[1]), []).append(int(path.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def find_own(name: str) -> int:
    """Return the process of that name among those that descend from us. Raises Failed."""
    for pid in tree(os.getpid()):
        with suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                return pid
    raise Failed(f"{name} doesn't run")


def cpu_seconds(pid: int) -> float:
    """Return what the process tree has used, user and system, with all its threads and the children that ended."""
    total = 0
    for each in tree(pid):
        with suppress(OSError):
            total += sum(int(ticks) for ticks in _stat(Path(f"/proc/{each}/stat"))[11:15])
    return total / _TICK


def thread_seconds(pid: int) -> float:
    """Return what the process has used, with all threads that it has now: to the microsecond, not to the tick."""
    told = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(fields[0]) for fields in told) / 1e9


def _stat(path: Path) -> list[str]:
    """Return the fields after the program's name, which may hold spaces."""
    return path.read_text().rpartition(")")[2].split()


def resident_bytes(pid: int, *, peak: bool = False) -> int:
    """Return the process tree's resident memory, or the sum of its processes' peaks since `forget_peak`."""
    total = 0
    for each in tree(pid):
        with suppress(OSError):
            for line in Path(f"/proc/{each}/status").read_text().splitlines():
                if line.startswith("VmHWM:" if peak else "VmRSS:"):
                    total += int(line.split()[1]) * 1024
    return total


def forget_peak(pid: int) -> None:
    for each in tree(pid):
        with suppress(OSError):
            Path(f"/proc/{each}/clear_refs").write_text("5")


def free_port() -> int:
    """Return a port that is free, below those that the system hands out by itself."""
    while True:
        port = random.randrange(10_000, 32_000)
        with suppress(OSError), socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            candidate.bind(("127.0.0.1", port))
            return port
