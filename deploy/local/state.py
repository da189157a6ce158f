"""The folder that holds everything a stack keeps (STATE_DIR), and the lock that lets one launcher use it.

`instance` names this state in places outside it, such as /tmp and /var/lib; `running.json` says what runs now,
`start.json` how the last start went, and `secrets.json` which secrets were there.
"""

import fcntl
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from deploy.local.errors import LaunchError

START = "start.json"


class State:
    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.secrets = self.root / "secrets"
        self.logs = self.root / "logs"
        self.files = self.root / "files"
        self._lock: int | None = None

    def create(self) -> None:
        """Make the folders. Raises LaunchError when the place can't be written to."""
        try:
            # Passable by anyone, as the database may run as another user; listable by the owner alone.
            make_folder(self.root, 0o711)
            for folder in (self.secrets, self.logs, self.files):
                make_folder(folder, 0o700)
            write_atomically(self.root / ".writable", b"")
            (self.root / ".writable").unlink()
            once(self.root / "instance", lambda: os.urandom(8).hex().encode())
        except OSError as exc:
            reason = exc.strerror or exc
            raise LaunchError(f"Can't write to {self.root}: {reason}. Choose another with STATE_DIR=...") from exc

    def lock(self) -> None:
        """Hold the state until this process ends. Raises LaunchError when another launcher does."""
        if not self.try_lock():
            raise LaunchError(self._taken())

    def try_lock(self) -> bool:
        handle = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._lock = handle  # never closed: the kernel lets go of it when the process ends
        return True

    def _taken(self) -> str:
        running = self.read("running.json") or {}
        launcher = running.get("launcher", {}).get("pid", "unknown")
        return (
            f"Colonnade already runs on {self.root} (process {launcher}, {running.get('url', 'starting')}). "
            "Stop it, or choose another folder with STATE_DIR=... and another port with PORT=..."
        )

    @property
    def instance(self) -> str:
        """Sixteen hexadecimal digits that are this state's own."""
        return (self.root / "instance").read_text(encoding="ascii")

    def write(self, name: str, value: Any) -> None:
        write_atomically(self.root / name, json.dumps(value, indent=2).encode())

    def forget(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    def read(self, name: str) -> Any:
        """Return a written value, or None when there is none."""
        with suppress(OSError, ValueError):
            return json.loads((self.root / name).read_bytes())
        return None


def make_folder(path: Path, mode: int) -> None:
    """Make a folder of exactly this mode; one that exists already keeps its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.mkdir()
        path.chmod(mode)
    if not path.is_dir():
        raise NotADirectoryError(20, "it is not a folder", str(path))


def once(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the file's content, made on first use."""
    with suppress(FileNotFoundError):
        return path.read_bytes()
    content = make()
    write_atomically(path, content)
    return content


def write_atomically(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Leave either the old file or the whole new one, whenever the machine stops."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
