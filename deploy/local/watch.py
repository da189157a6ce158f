"""Where the kernel doesn't tell children of their parent's death, one more child watches for it and tells them."""

import os
import signal
from contextlib import suppress

from deploy.local.processes import ChildSpec, fork
from deploy.local.running import recorded
from deploy.local.state import State


def start_watch(state: State) -> None:
    """Fork the watcher. It sees the launcher's end by a pipe that nobody else holds, and ends then."""
    reading, _writing = os.pipe()  # the writing end stays open for as long as this process lives
    harmless = signal.SIGCONT  # its work begins when the launcher's ends
    spec = ChildSpec("watch", state.logs / "watch.err", harmless, stdin=reading)
    fork(spec, lambda: _watch(state))
    os.close(reading)


def _watch(state: State) -> int:
    while os.read(0, 4096):
        pass
    end_all(state)
    return 0


def end_all(state: State) -> None:
    """Ask whatever is recorded as running to stop: PostgreSQL by SIGINT, which is its fast way."""
    running = recorded(state)
    for name, process in running.processes.items() if running else ():
        if process.alive:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
