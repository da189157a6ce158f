"""The release before, ready to run: its source out of the history, and the packages that it had locked."""

import shutil
import subprocess
from pathlib import Path

from deploy.upgrade.previous import previous_release
from tests.replicated.replica import Source
from tests.stores import ROOT

_FOLDER = ROOT / ".upgrade"
_UV = ROOT / ".venv" / "bin" / "uv"
_BASE = ROOT / ".venv" / "bin" / "python"


def previous_source() -> Source:
    """Make it on first use, in .upgrade/. Fails in a clone without its history, and without a package index."""
    commit = previous_release().commit
    made = _FOLDER / commit
    if not made.exists():
        shutil.rmtree(unfinished := _FOLDER / "unfinished", ignore_errors=True)
        _extract(commit, unfinished)
        _install(unfinished)
        unfinished.rename(made)
    return Source(made / "tree", str(made / "venv" / "bin" / "python"))


def _extract(commit: str, folder: Path) -> None:
    (folder / "tree").mkdir(parents=True)
    packed = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=False)
    assert packed.returncode == 0, f"{packed.stderr.decode()} (a clone without its history? git fetch --unshallow)"
    subprocess.run(["tar", "-x", "-C", folder / "tree"], input=packed.stdout, check=True)


def _install(folder: Path) -> None:
    """What it locked, whatever this tree has by now. The venv is moved afterwards: it is used by its python alone."""
    _run(_UV, "venv", "--quiet", "--relocatable", "--python", _BASE, folder / "venv")
    requirements = folder / "tree" / "requirements" / "embedded.txt"
    python = folder / "venv" / "bin" / "python"
    _run(_UV, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", requirements)


def _run(*command: str | Path) -> None:
    subprocess.run(command, cwd=ROOT, check=True)
