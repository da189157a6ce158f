"""Signals as the launcher's loop sees them: something to wait for, and a count of how often it was told to stop."""

import os
import select
import signal
from types import FrameType, TracebackType
from typing import Any, Self

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """`lifeline` is a descriptor whose end of file counts as being told to stop."""

    def __init__(self, lifeline: int | None = None) -> None:
        self.stops = 0
        self._lifeline = lifeline
        self._before: dict[signal.Signals, Any] = {}
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)

    def __enter__(self) -> Self:
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in _STOPS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # `nohup` has its way
                self._before[number] = signal.signal(number, self._stop)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _wake)
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._reading)
        os.close(self._writing)

    def wait(self, seconds: float) -> None:
        """Return when a signal has come, of a child's end among others, or when the time is over."""
        watched = [self._reading] if self._lifeline is None else [self._reading, self._lifeline]
        awake = select.select(watched, [], [], seconds)[0]
        if self._reading in awake:
            os.read(self._reading, 4096)
        if self._lifeline in awake and not os.read(self._lifeline, 4096):
            self._lifeline = None
            self.stops += 1

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stops += 1


def _wake(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: having a handler is what makes the wake-up pipe readable."""
