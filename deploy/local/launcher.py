"""`make run` and `make migrate`: one launcher, from the first check to the last process's end."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.ports import check_ports
from deploy.local.processes import LINUX
from deploy.local.route_file import RouteFileWatch
from deploy.local.running import end_leftovers, forget, record
from deploy.local.settings import Settings, note_choice, read_settings
from deploy.local.signals import Signals
from deploy.local.stack import Stack, Stopped
from deploy.local.state import START, State
from deploy.local.supervisor import Supervisor
from deploy.local.watch import start_watch
from deploy.local.welcome import welcome

_IMPORTED = time.monotonic()


def run(follow: Callable[[], None] = lambda: None) -> int:
    """Serve until told to stop. Raises LaunchError when it can't be done.

    `follow` keeps ROUTES_FILE up to date, and is called as often as that is looked at.
    """
    settings = read_settings()
    state = State(settings.state)
    state.create()
    state.lock()
    end_leftovers(state, spare="postgres")
    check_ports(settings)
    with Signals() as signals:
        supervisor: Supervisor
        supervisor = Supervisor(signals, _tell, lambda: _record(state, settings, supervisor))
        stack = Stack(settings, state, _tell)
        if not LINUX:
            start_watch(state)
        try:
            stack.start(supervisor)
            note_choice(state, settings)
            _welcome(settings, state, stack.mail_catcher.url if stack.mail_catcher else "")
            routes = RouteFileWatch(settings.environ.get("ROUTES_FILE"), _tell)
            while not supervisor.stopping:
                supervisor.step(routes.every)
                follow()
                routes.look()
        except Stopped:
            pass
        finally:
            stack.stop(supervisor)
            forget(state)
    return 0


def migrate() -> int:
    """Bring the schemas up to date, whether or not the stack runs."""
    settings = read_settings()
    state = State(settings.state)
    state.create()
    with Signals() as signals:
        supervisor = Supervisor(signals, _tell, lambda: None)
        stack = Stack(settings, state, _tell)
        try:
            if state.try_lock():
                stack.start_postgres(supervisor, [])
            stack.migrate(supervisor)
        except Stopped:
            return 1
        finally:
            stack.stop(supervisor)
    _tell("All schemas are up to date.")
    return 0


def _welcome(settings: Settings, state: State, mail: str) -> None:
    seconds = _age()
    state.write(START, {"at": datetime.now(UTC).isoformat(timespec="seconds"), "seconds_to_ready": round(seconds, 3)})
    _tell(welcome(settings, state, mail, seconds))


def _record(state: State, settings: Settings, supervisor: Supervisor) -> None:
    try:
        record(state, settings.url, supervisor.pids)
    except OSError as exc:  # a full disk is no reason to end what still works
        _tell(f"Can't note what runs in {state.root}: {exc}")


def _tell(text: str) -> None:
    print(text, flush=True)


def _age() -> float:
    """Return how many seconds ago this process started."""
    if not LINUX:
        return time.monotonic() - _IMPORTED
    started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started
