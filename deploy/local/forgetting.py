"""`make forget`: erase everything that a state holds, inside its folder and out. Needs nothing but Python itself.

`make clean` asks here whether the stack still runs by what it removes.
"""

import os
import shlex
import shutil
from pathlib import Path

from deploy.local import outside
from deploy.local.errors import LaunchError
from deploy.local.state import State


def forget(confirmed: str = "") -> int:
    """Erase the state whose whole path is `confirmed`. Raises LaunchError where it isn't, or while the stack runs."""
    state = _state()
    if not _is_state(state):
        raise LaunchError(f"There is no stack in {state.root}: nothing to forget.")
    state.lock()
    if confirmed != str(state.root):
        which = f"STATE_DIR={shlex.quote(said)} " if (said := os.environ.get("STATE_DIR")) else ""
        raise LaunchError(
            f"This erases the database, files and keys in {state.root}, for good. A backup is made by `make backup`. "
            f"If you mean it: make forget {which}CONFIRM={shlex.quote(str(state.root))}"
        )
    chosen = state.read("settings.json") or {}
    elsewhere = chosen.get("FILES_STORAGE") or chosen.get("FILES_ROOT")
    outside.remove(state.instance)
    shutil.rmtree(state.root)
    print(f"Forgotten: {state.root}.{f' Files in {elsewhere} stay.' if elsewhere else ''}")
    return 0


def check_stopped() -> int:
    """Raises LaunchError while the stack runs."""
    state = _state()
    if _is_state(state):
        state.lock()
    return 0


def _state() -> State:
    return State(Path(os.environ.get("STATE_DIR") or ".colonnade"))


def _is_state(state: State) -> bool:
    """Tell it from somebody's own folder, and from one that was never made."""
    return (state.root / "instance").is_file()
