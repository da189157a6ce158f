"""Who runs on a state: written at every change, so that what a dead launcher left behind is known by name."""

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from deploy.local.errors import LaunchError
from deploy.local.processes import start_mark
from deploy.local.state import State

_FILE = "running.json"
ELSEWHERE = "If it was started with STATE_DIR=..., say the same here."
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Process:
    """`mark` tells it from a later process of the same number."""

    pid: int
    mark: str

    @property
    def alive(self) -> bool:
        return start_mark(self.pid) == self.mark


@dataclass(frozen=True, slots=True)
class Running:
    """`processes` holds whoever was alive when it was written, by name."""

    url: str
    launcher: Process
    processes: Mapping[str, Process]


def record(state: State, url: str, pids: Mapping[str, int]) -> None:
    marked = {name: {"pid": pid, "mark": mark} for name, pid in pids.items() if (mark := start_mark(pid))}
    launcher = {"pid": os.getpid(), "mark": start_mark(os.getpid())}
    state.write(_FILE, {"url": url, "launcher": launcher, "processes": marked})


def recorded(state: State) -> Running | None:
    said = state.read(_FILE)
    if said is None:
        return None
    processes = {name: Process(**process) for name, process in said["processes"].items()}
    return Running(said["url"], Process(**said["launcher"]), processes)


def running_on(state: State) -> Running:
    """Return what runs on the state. Raises LaunchError when nothing does."""
    running = recorded(state)
    if running is None or not running.launcher.alive:
        raise LaunchError(
            f"Nothing runs on {state.root}: `make run` first, in another terminal. {ELSEWHERE}",
        )
    return running


def forget(state: State) -> None:
    state.forget(_FILE)


def end_leftovers(state: State, spare: str) -> None:
    """Wait until what a killed launcher left has ended, as it was told to; end what doesn't. `spare` isn't touched."""
    running = recorded(state)
    if running is None:
        return
    left = [process for name, process in running.processes.items() if name != spare]
    until = time.monotonic() + _PATIENCE_SECONDS
    while left := [process for process in left if process.alive]:
        if time.monotonic() > until:
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.02)
