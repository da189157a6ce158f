import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import running
from deploy.local.processes import start_mark
from deploy.local.running import Process, end_leftovers, record, recorded
from deploy.local.state import State
from tests.stores import ROOT


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.create()
    return state


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        yield process
        process.kill()


def test_recorded_processes_are_told_from_later_ones_of_the_same_number(
    state: State, sleeper: subprocess.Popen[bytes]
) -> None:
    record(state, "http://127.0.0.1:1", {"gateway": sleeper.pid})
    found = recorded(state)
    assert found is not None
    assert found.launcher.alive
    assert found.processes["gateway"].alive
    assert not Process(sleeper.pid, "another mark").alive


def test_ended_process_counts_as_gone_even_before_it_is_reaped(sleeper: subprocess.Popen[bytes]) -> None:
    os.kill(sleeper.pid, signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert start_mark(sleeper.pid) is None


def test_leftover_that_does_not_end_is_ended(
    state: State, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_PATIENCE_SECONDS", 0.1)
    record(state, "", {"gateway": sleeper.pid, "postgres": os.getpid()})
    end_leftovers(state, spare="postgres")
    assert sleeper.wait() == -signal.SIGKILL


def test_stranger_with_a_leftovers_number_is_spared(state: State, sleeper: subprocess.Popen[bytes]) -> None:
    stranger = {"pid": sleeper.pid, "mark": "of an earlier process"}
    state.write("running.json", {"url": "", "launcher": stranger, "processes": {"gateway": stranger}})
    end_leftovers(state, spare="postgres")
    assert sleeper.poll() is None


def test_watcher_ends_everything_when_the_launcher_is_killed(state: State, sleeper: subprocess.Popen[bytes]) -> None:
    """What stands in for the kernel's help where there is none."""
    launcher = f"""
import os, signal
from pathlib import Path
from deploy.local.running import record
from deploy.local.state import State
from deploy.local.watch import start_watch
state = State(Path({str(state.root)!r}))
record(state, "", {{"gateway": {sleeper.pid}}})
start_watch(state)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", launcher], cwd=ROOT, check=False)
    assert sleeper.wait(timeout=10) == -signal.SIGTERM
