"""SOCKET: the Unix domain socket that a service listens on instead of its public port."""

from pathlib import Path
from typing import TYPE_CHECKING

from shared.places import check_socket

if TYPE_CHECKING:  # settings have a socket in them
    from shared.settings import Env


def read_socket(env: "Env") -> Path | None:
    name = env.text("SOCKET", "")
    if not name:
        return None
    path = Path(name)
    try:
        check_socket(name)
    except ValueError as exc:
        env.mistake(f"SOCKET: {exc}")
    try:
        if not path.parent.is_dir():
            env.mistake(f"SOCKET: there is no folder {path.parent}")
        elif path.exists() and not path.is_socket():
            env.mistake(f"SOCKET: {path} is no socket")
    except OSError as exc:
        env.mistake(f"SOCKET: {exc}")
    return path
