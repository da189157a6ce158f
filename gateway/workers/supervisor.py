"""The process that was started: it has a single thread and no event loop, so that it can fork at any time.

It runs the workers and one reporter, who answers for all of them on the private port; starts again whoever ends; and
passes signals on. It serves nothing itself. A worker that ends by itself before any has lived for a while will not do
better: the whole program then ends as that worker did.
"""

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from gateway.workers.signals import Signals
from shared.backoff import Backoff
from shared.forking import fork

_TICK = 1.0  # seconds between two calls of `tick`
_STEADY = 5.0  # seconds of life that make a start a success
_PATIENCE, _GLANCE = 5.0, 0.1  # seconds for the reporter's end, and between two looks for it

ENDED = "process_ended"

Run = Callable[[], int]


@dataclass(slots=True)
class Child:
    """What runs under one name: process after process. `pid` is 0 between two."""

    name: str
    run: Run
    pid: int = 0
    started: float = 0.0
    due: float = 0.0
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(frozen=True, slots=True)
class Hooks:
    """`note` gets what happens, to be logged; `tick` is called every second, `hangup` on SIGHUP.

    `let_go` is called in each child, first of all; `release` when all workers have ended, and the reporter is to.
    """

    note: Callable[[str, dict[str, object]], None]
    tick: Callable[[], None]
    hangup: Callable[[], None]
    let_go: Callable[[], None]
    release: Callable[[], None]


class Supervisor:
    def __init__(self, workers: Sequence[Child], reporter: Child, hooks: Hooks) -> None:
        self._workers = workers
        self._reporter = reporter
        self._hooks = hooks
        self._signals = Signals()
        self._stopping = False
        self._steady = False
        self._status = 0
        self._next_tick = 0.0

    def run(self) -> int:
        """Return the exit status when all have ended. A second signal ends everything, this process included."""
        for child in (self._reporter, *self._workers):
            self._begin(child)
        while not self._stopping or any(worker.pid for worker in self._workers):
            for number in self._signals.wait(self._pause()):
                self._obey(number)
            self._look()
            self._tick()
        self._end_reporter()
        return self._status

    def _tick(self) -> None:
        if time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + _TICK
            self._hooks.tick()

    def _pause(self) -> float:
        now = time.monotonic()
        return min([_TICK, *(child.due - now for child in self._missing())])

    def _missing(self) -> list[Child]:
        """Return who should run and doesn't."""
        wanted = [self._reporter] if self._stopping else [self._reporter, *self._workers]
        return [child for child in wanted if not child.pid]

    def _obey(self, number: signal.Signals) -> None:
        if number == signal.SIGHUP:
            self._send(number)
            self._hooks.hangup()
        elif number in (signal.SIGTERM, signal.SIGINT):
            if self._stopping:
                self._die(number)
            self._stop()

    def _stop(self) -> None:
        self._stopping = True
        self._send(signal.SIGTERM)

    def _send(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, number)

    def _die(self, number: signal.Signals) -> None:
        self._send(signal.SIGKILL)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    def _look(self) -> None:
        """Notice who has ended, and start whoever is due."""
        now = time.monotonic()
        for child in (self._reporter, *self._workers):
            if child.pid and (status := reap(child.pid)) is not None:
                self._note_end(child, status, now)
        self._steady = self._steady or any(worker.pid and now - worker.started > _STEADY for worker in self._workers)
        for child in self._missing():
            if now >= child.due:
                self._begin(child)

    def _begin(self, child: Child) -> None:
        child.started = time.monotonic()
        try:
            child.pid = fork(lambda: self._live(child))
        except OSError as exc:  # a machine that has no room for it now may have some later
            self._put_off(child, "process_not_started", {"error.message": str(exc)}, lived=0.0)

    def _live(self, child: Child) -> int:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it must not end us before we can obey it
        self._signals.forget()
        self._hooks.let_go()
        return child.run()

    def _note_end(self, child: Child, status: int, now: float) -> None:
        pid, child.pid = child.pid, 0
        told: dict[str, object] = {"colonnade.worker.pid": pid, "colonnade.worker.status": status}
        if self._stopping and child is not self._reporter:
            if status not in (0, -signal.SIGTERM):
                self._status = 1
                self._hooks.note("worker_failed", {"colonnade.worker.name": child.name, **told})
            return
        if child is not self._reporter and status > 0 and not self._steady:
            self._status = status
            self._stop()
            return
        self._put_off(child, ENDED, told, lived=now - child.started)

    def _put_off(self, child: Child, event: str, told: dict[str, object], lived: float) -> None:
        delay = child.backoff.delay(lived)
        child.due = time.monotonic() + delay
        self._hooks.note(event, {"colonnade.worker.name": child.name, **told, "colonnade.retry_seconds": delay})

    def _end_reporter(self) -> None:
        """Have it end, by its own will or not."""
        self._hooks.release()
        until = time.monotonic() + _PATIENCE
        while self._reporter.pid and reap(self._reporter.pid) is None:
            if time.monotonic() >= until:
                os.kill(self._reporter.pid, signal.SIGKILL)
            self._signals.wait(_GLANCE)


def reap(pid: int) -> int | None:
    """Return the exit status of a child that has ended: negative for a signal's number."""
    with suppress(ChildProcessError):
        found, status = os.waitpid(pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if found else None
    return 0
