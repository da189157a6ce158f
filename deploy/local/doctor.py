"""`make doctor`: the doctor's visit to the running embedded stack, of which all is known."""

import os
from datetime import UTC, datetime

from deploy.doctor.__main__ import report
from deploy.doctor.stack import Backups
from deploy.doctor.stack import Stack as Patient
from deploy.local.backups import NOTE
from deploy.local.environments import LOOPBACK, PROGRAMS, private_port
from deploy.local.running import running_on
from deploy.local.settings import chosen, read_settings
from deploy.local.stack import Stack
from deploy.local.state import State


def doctor() -> int:
    """Return 1 if something is wrong with the stack. Raises LaunchError when nothing runs on the state."""
    return _visit(as_json=False)


def doctor_json() -> int:
    return _visit(as_json=True)


def _visit(*, as_json: bool) -> int:
    state = State(read_settings().state)
    running = running_on(state)
    settings = read_settings(os.environ | (chosen(state) or {}))
    stack = Stack(settings, state, print)
    patient = Patient(
        public_url=settings.public_url,
        private={name: f"http://{LOOPBACK}:{private_port(name, settings.port)}" for name in PROGRAMS},
        environments={name: stack.environment(name) for name in PROGRAMS},
        backups=_backups(state),
        pids={name: process.pid for name, process in running.processes.items()},
    )
    return report(patient, as_json=as_json)


def _backups(state: State) -> Backups:
    note = state.read(NOTE)
    since = datetime.fromtimestamp((state.root / "instance").stat().st_mtime, UTC)
    return Backups(datetime.fromisoformat(note["made_at"]) if note else None, since)
