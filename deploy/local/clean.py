"""`make clean`: forget everything that a state holds, inside its folder and out. Needs nothing but Python itself."""

import os
import shutil
from pathlib import Path

from deploy.local import outside
from deploy.local.state import State


def clean() -> int:
    state = State(Path(os.environ.get("STATE_DIR") or ".colonnade"))
    if not (state.root / "instance").is_file():  # never made, or no state at all: somebody's own folder
        return 0
    state.lock()
    outside.remove(state.instance)
    shutil.rmtree(state.root)
    return 0
