"""What root's stack keeps outside its state's folder, under /var/lib/colonnade, because `nobody` can't get in there.

Every state that keeps something here has a folder named for its instance; the copied programs go with the last one.
One process at a time changes anything here.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.state import make_folder

OUTSIDE = Path("/var/lib/colonnade")
_COPIES = "postgresql-"
_STAGING = OUTSIDE / ".copy"


def make_place(instance: str) -> Path:
    """Return this state's folder."""
    with _held():
        make_folder(OUTSIDE / instance, 0o711)
    return OUTSIDE / instance


def copied_bindir(bindir: Path, instance: str) -> Path:
    """Return where a copy of PostgreSQL's programs is, made on first use."""
    tree = _tree(bindir)
    copy = OUTSIDE / f"{_COPIES}{_label(bindir)}"
    with _held():
        make_folder(OUTSIDE / instance, 0o711)
        if not copy.exists():
            _copy(tree, copy)
    return copy / bindir.relative_to(tree.parent)


def remove(instance: str) -> None:
    """Forget this state, and the copied programs when no other state is left to use them."""
    shutil.rmtree(Path("/tmp") / f"colonnade-{instance}", ignore_errors=True)  # noqa: S108  only its owner can
    if not (OUTSIDE / instance).exists():
        return
    with _held():
        shutil.rmtree(OUTSIDE / instance)
        if all(path.name.startswith(_COPIES) or path == _STAGING for path in OUTSIDE.iterdir()):
            shutil.rmtree(OUTSIDE)


@contextmanager
def _held() -> Iterator[None]:
    """Hold the folder itself, which its last user may remove while we wait for it."""
    while True:
        make_folder(OUTSIDE, 0o755)
        handle = os.open(OUTSIDE, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if OUTSIDE.exists() and os.path.samestat(os.fstat(handle), OUTSIDE.stat()):
                yield
                return
        finally:
            os.close(handle)


def _tree(bindir: Path) -> Path:
    """Return the folder to copy: the wheel's package, whose libraries are its sibling, or the installation."""
    return bindir.parent.parent if bindir.parent.name == "pginstall" else bindir.parent


def _label(bindir: Path) -> str:
    """Name a copy by the exact programs in it."""
    found = (bindir / "postgres").stat()
    return f"{found.st_size:x}-{int(found.st_mtime):x}"


def _copy(tree: Path, target: Path) -> None:
    """Copy beside the target and rename, so that a half-made copy is never used."""
    shutil.rmtree(_STAGING, ignore_errors=True)
    make_folder(_STAGING, 0o755)
    for part in (tree, tree.with_name(f"{tree.name}.libs")):
        if part.exists():
            shutil.copytree(part, _STAGING / part.name, symlinks=True)
    for path in _STAGING.rglob("*"):  # whatever umask they were installed under
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    _STAGING.rename(target)
