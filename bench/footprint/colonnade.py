"""Colonnade as a newcomer gets it: the files of this commit in an empty folder, then make."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.footprint.figures import Footprint, disk_megabytes, settle
from bench.processes import ROOT
from deploy.local.memory import sizes
from deploy.local.running import recorded
from deploy.local.state import State
from tests.e2e.stack import await_ready, free_port, state_folder

_MAKE = ("make", "--silent")
_STOP_SECONDS = 30


def colonnade() -> Footprint:
    with TemporaryDirectory(prefix="colonnade-footprint-") as folder, state_folder() as state:
        clone = Path(folder) / "colonnade"
        clone.mkdir()
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x"], cwd=clone, input=archive, check=True)
        environ = _environ(Path(folder), state)
        began = time.monotonic()
        subprocess.run([*_MAKE, ".venv/.embedded"], cwd=clone, env=environ, check=True)
        install_seconds = time.monotonic() - began
        on_disk = disk_megabytes(clone)
        with _running(clone, environ) as first:
            pass
        with _running(clone, environ) as next_:
            processes, memory = settle(lambda: _memory(State(state)))
        return Footprint("Colonnade", install_seconds, on_disk, first, next_, processes, memory)


def _environ(folder: Path, state: Path) -> Mapping[str, str]:
    """Ours, as it says where packages come from; but nothing that is in a cache already is of help."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "MAKEFLAGS", "MAKELEVEL", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in dropped} | {
        "UV_CACHE_DIR": str(folder / "uv-cache"),
        "PIP_NO_CACHE_DIR": "1",
        "STATE_DIR": str(state),
        "PORT": str(free_port()),
    }


@contextmanager
def _running(clone: Path, environ: Mapping[str, str]) -> Iterator[float]:
    """`make run` until the block ends; yields the seconds that it took to be ready."""
    began = time.monotonic()
    process = subprocess.Popen(
        [*_MAKE, "run"],
        cwd=clone,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        await_ready(process)
        yield time.monotonic() - began
    finally:
        running = recorded(State(Path(environ["STATE_DIR"])))
        if running is not None and running.launcher.alive:
            os.kill(running.launcher.pid, 15)
        process.communicate(timeout=_STOP_SECONDS)


def _memory(state: State) -> tuple[int, float]:
    running = recorded(state)
    assert running is not None
    found = sizes(running).values()
    return sum(count for count, _ in found), sum(kilobytes for _, kilobytes in found) / 1000
