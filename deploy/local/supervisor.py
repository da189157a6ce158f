"""Keeps processes running: notices that one has ended, starts it again after a while, and stops all in order."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from deploy.local.signals import Signals
from shared.backoff import Backoff

_PROBE_SECONDS = 0.02  # between two looks at a process that isn't ready yet
_IDLE_SECONDS = 60.0
_STOP_SECONDS = 12.0  # a program gives the requests it still answers ten
_KILL_SECONDS = 5.0
_ENOUGH = 3  # ends before a part was ready even once
BAD_SETTINGS = 2  # the exit status by which a program says that trying again is no use


class Part(Protocol):
    """One process of the stack."""

    @property
    def name(self) -> str: ...
    @property
    def log(self) -> Path: ...
    @property
    def stop_signal(self) -> signal.Signals: ...
    @property
    def kill_signal(self) -> signal.Signals: ...
    def start(self) -> int: ...
    def ready(self) -> bool: ...


@dataclass(slots=True)
class _Life:
    """A part's current process (pid 0 between two), and when the next is due."""

    part: Part
    pid: int = 0
    started: float = 0.0
    due: float = 0.0
    ready: bool = False
    ends: int = 0
    status: int = 0
    backoff: Backoff = field(default_factory=Backoff)


class Supervisor:
    """`tell` gets a line for each thing a person should know; `changed` is called when a pid has changed."""

    def __init__(self, signals: Signals, tell: Callable[[str], None], changed: Callable[[], None]) -> None:
        self._signals = signals
        self._tell = tell
        self._changed = changed
        self._lives: dict[str, _Life] = {}

    def start(self, parts: Iterable[Part]) -> None:
        for part in parts:
            life = self._lives[part.name] = _Life(part)
            self._begin(life)
        self._changed()

    @property
    def stopping(self) -> bool:
        return self._signals.stops > 0

    @property
    def pids(self) -> dict[str, int]:
        return {name: life.pid for name, life in self._lives.items() if life.pid}

    def unready(self) -> list[Part]:
        return [life.part for life in self._lives.values() if not life.ready]

    def hopeless(self) -> list[Part]:
        """Return the parts that have no prospect of getting ready: with bad settings, or ended three times."""
        return [
            life.part
            for life in self._lives.values()
            if not life.ready and (life.ends >= _ENOUGH or (life.ends and life.status == BAD_SETTINGS))
        ]

    def finish(self, jobs: Mapping[str, int]) -> dict[str, int]:
        """Wait for children that end by themselves, by pid; return their statuses. They are ended when all stops."""
        statuses: dict[str, int] = {}
        while len(statuses) < len(jobs):
            for name in jobs.keys() - statuses.keys():
                if self.stopping:
                    with suppress(ProcessLookupError):
                        os.kill(jobs[name], signal.SIGTERM)
                if (status := _reap(jobs[name])) is not None:
                    statuses[name] = status
            if len(statuses) < len(jobs):
                self._signals.wait(_IDLE_SECONDS)
        return statuses

    def step(self, at_most: float = _IDLE_SECONDS) -> None:
        """Wait for the next thing to do, for so many seconds at most, and do it."""
        self._signals.wait(min(at_most, self._pause()))
        if self.stopping:
            return
        for life in self._lives.values():
            if life.pid and (status := _reap(life.pid)) is not None:
                self._note_end(life, status)
            if not life.pid and time.monotonic() >= life.due:
                self._begin(life)
                self._changed()
            if life.pid and not life.ready and life.part.ready():
                self._note_ready(life)

    def _pause(self) -> float:
        now = time.monotonic()
        waits = [life.due - now if not life.pid else _PROBE_SECONDS for life in self._lives.values() if not life.ready]
        return max(0.0, min(waits, default=_IDLE_SECONDS))

    def _begin(self, life: _Life) -> None:
        """Start the part; a machine that has no room for it now may have some later."""
        life.started = time.monotonic()
        try:
            life.pid = life.part.start()
        except OSError as exc:
            delay = life.backoff.delay(lived=0.0)
            life.due = life.started + delay
            life.ends += 1
            self._tell(f"{life.part.name} can't be started: {exc}; trying again in {delay:.1f} s")

    def _note_end(self, life: _Life, status: int) -> None:
        now = time.monotonic()
        delay = life.backoff.delay(now - life.started)
        life.pid, life.ready, life.due = 0, False, now + delay
        life.ends, life.status = life.ends + 1, status
        self._tell(f"{life.part.name} {_said(status)}; starting it again in {delay:.1f} s (log: {life.part.log})")
        self._changed()

    def _note_ready(self, life: _Life) -> None:
        life.ready = True
        if life.ends:
            self._tell(f"{life.part.name} is ready again")

    def stop(self, order: Sequence[Sequence[str]]) -> None:
        """Stop the groups one after the other; a second signal ends all of them at once."""
        told = self._signals.stops
        for group in order:
            lives = [life for name in group if (life := self._lives.get(name)) and life.pid]
            _send(lives, hard=False)
            self._await_end(lives, _STOP_SECONDS, lambda: self._signals.stops > max(told, 1))
        rest = [life for life in self._lives.values() if life.pid]
        _send(rest, hard=True)
        self._await_end(rest, _KILL_SECONDS, lambda: False)

    def _await_end(self, lives: list[_Life], seconds: float, hurried: Callable[[], bool]) -> None:
        until = time.monotonic() + seconds
        while True:
            for life in lives:
                if life.pid and _reap(life.pid) is not None:
                    life.pid = 0
            left = until - time.monotonic()
            if left <= 0 or hurried() or not any(life.pid for life in lives):
                return
            self._signals.wait(left)


def _send(lives: list[_Life], *, hard: bool) -> None:
    for life in lives:
        with suppress(ProcessLookupError):
            os.kill(life.pid, life.part.kill_signal if hard else life.part.stop_signal)


def _reap(pid: int) -> int | None:
    """Return the exit status of a child that has ended: negative for a signal's number."""
    with suppress(ChildProcessError):
        found, status = os.waitpid(pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if found else None
    return 0


def _said(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    return f"was ended by {signal.Signals(-status).name}"
