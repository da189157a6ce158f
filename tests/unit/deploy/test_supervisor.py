import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.signals import Signals
from deploy.local.supervisor import BAD_SETTINGS, Supervisor

# Writes its name when it is told to stop; is ready once its file is there.
_SCRIPT = "trap 'echo {name} >>{folder}/stopped; exit 0' TERM; touch {folder}/{name}.$$; while :; do sleep 0.01; done"


class Part:
    """A shell script for a program. It is spawned, not forked: pytest has threads."""

    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, name: str, folder: Path, script: str = _SCRIPT) -> None:
        self.name = name
        self.log = folder / f"{name}.err"
        self.pid = 0
        self.refusals = 0
        self._folder = folder
        self._script = script.format(name=name, folder=folder)

    def start(self) -> int:
        if self.refusals:
            self.refusals -= 1
            raise BlockingIOError(11, "Resource temporarily unavailable")
        self.pid = os.posix_spawn("/bin/sh", ["sh", "-c", self._script], {"PATH": "/usr/bin:/bin"})
        return self.pid

    def ready(self) -> bool:
        return (self._folder / f"{self.name}.{self.pid}").exists()


class Watched:
    """A supervisor with what it says."""

    def __init__(self, signals: Signals) -> None:
        self.signals = signals
        self.said: list[str] = []
        self.supervisor = Supervisor(signals, self.said.append, lambda: None)

    def until_ready(self) -> None:
        until = time.monotonic() + 10
        while self.supervisor.unready():
            assert time.monotonic() < until
            self.supervisor.step()


@pytest.fixture
def watched() -> Iterator[Watched]:
    with Signals() as signals:
        watched = Watched(signals)
        yield watched
        watched.supervisor.stop([])


def test_part_that_is_killed_starts_again(watched: Watched, tmp_path: Path) -> None:
    part = Part("one", tmp_path)
    watched.supervisor.start([part])
    watched.until_ready()
    first = part.pid
    os.kill(first, signal.SIGKILL)
    while not watched.said:
        watched.supervisor.step()
    watched.until_ready()
    assert part.pid != first
    assert watched.said[0].startswith("one was ended by SIGKILL; starting it again in 0.1 s")
    assert watched.said[1] == "one is ready again"


def test_groups_stop_one_after_the_other(watched: Watched, tmp_path: Path) -> None:
    watched.supervisor.start([Part(name, tmp_path) for name in ("first", "second", "third")])
    watched.until_ready()
    watched.supervisor.stop([["third"], ["first"], ["second"]])
    assert (tmp_path / "stopped").read_text().split() == ["third", "first", "second"]
    assert watched.supervisor.pids == {}


def test_second_signal_ends_at_once_what_does_not_want_to_stop(watched: Watched, tmp_path: Path) -> None:
    stubborn = "trap '' TERM; touch {folder}/{name}.$$; while :; do sleep 0.01; done"
    watched.supervisor.start([Part("stubborn", tmp_path, stubborn), Part("other", tmp_path)])
    watched.until_ready()
    watched.signals.stops = 1
    hurry = os.posix_spawn("/bin/sh", ["sh", "-c", f"sleep 0.2; kill -INT {os.getpid()}"], {"PATH": "/usr/bin:/bin"})
    started = time.monotonic()
    watched.supervisor.stop([["stubborn"], ["other"]])
    os.waitpid(hurry, 0)
    assert time.monotonic() - started < 5
    assert watched.supervisor.pids == {}


def test_part_with_bad_settings_is_hopeless_at_once(watched: Watched, tmp_path: Path) -> None:
    part = Part("bad", tmp_path, f"exit {BAD_SETTINGS}")
    watched.supervisor.start([part])
    while not watched.said:
        watched.supervisor.step()
    assert watched.supervisor.hopeless() == [part]
    assert watched.said == [f"bad rejects its settings (status 2) (log: {part.log})"]
    watched.supervisor.step(within=0.2)
    assert watched.supervisor.pids == {}


def test_settings_that_were_good_once_are_tried_again(watched: Watched, tmp_path: Path) -> None:
    """They may lie in a file that is being edited."""
    once = "test -e {folder}/first && exit 2; touch {folder}/first {folder}/{name}.$$; exec sleep 60"
    part = Part("edited", tmp_path, once)
    watched.supervisor.start([part])
    watched.until_ready()
    os.kill(part.pid, signal.SIGKILL)
    while len(watched.said) < 2:
        watched.supervisor.step()
    assert "rejects its settings (status 2); starting it again in" in watched.said[1]


@pytest.mark.parametrize(
    ("distress", "ordinary", "named"), [("", "why", ".log"), ("why", "why", ".err"), ("", "", ".err")]
)
def test_log_that_says_something_is_named(
    watched: Watched, tmp_path: Path, distress: str, ordinary: str, named: str
) -> None:
    part = Part("one", tmp_path, "exit 1")
    part.log.write_text(distress)
    part.log.with_suffix(".log").write_text(ordinary)
    watched.supervisor.start([part])
    while not watched.said:
        watched.supervisor.step()
    assert watched.said[0].endswith(f"(log: {tmp_path}/one{named})")


def test_part_that_ends_three_times_before_it_is_ready_is_hopeless(watched: Watched, tmp_path: Path) -> None:
    part = Part("weak", tmp_path, "exit 1")
    watched.supervisor.start([part])
    while len(watched.said) < 3:
        assert watched.supervisor.hopeless() == []
        watched.supervisor.step()
    assert watched.supervisor.hopeless() == [part]
    assert ["again" in line for line in watched.said] == [True, True, False]


def test_part_that_the_machine_has_no_room_for_is_tried_again(watched: Watched, tmp_path: Path) -> None:
    part = Part("large", tmp_path)
    part.refusals = 1
    watched.supervisor.start([part])
    assert "large can't be started" in watched.said[0]
    watched.until_ready()


def test_jobs_are_waited_for_and_their_statuses_kept(watched: Watched) -> None:
    jobs = {str(status): os.posix_spawn("/bin/sh", ["sh", "-c", f"exit {status}"], {}) for status in (0, 3)}
    assert watched.supervisor.finish(jobs) == {"0": 0, "3": 3}


def test_job_is_ended_when_all_stops(watched: Watched) -> None:
    watched.signals.stops = 1
    job = os.posix_spawn("/bin/sleep", ["sleep", "60"], {})
    assert watched.supervisor.finish({"job": job}) == {"job": -signal.SIGTERM}
