"""Signals as something to wait for, one by one, in a process without an event loop."""

import os
import select
import signal
from types import FrameType

_WATCHED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class Signals:
    """From its making on, the process's signals are kept for `wait`."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in _WATCHED:
            signal.signal(number, _wake)

    def wait(self, seconds: float) -> tuple[signal.Signals, ...]:
        """Return the signals that have come, in order, as soon as there are any, or when the time is over."""
        if not select.select((self._reading,), (), (), max(0.0, seconds))[0]:
            return ()
        return tuple(signal.Signals(number) for number in os.read(self._reading, 4096))

    def forget(self) -> None:
        """Let go of the pipe: what a child does first, to whom the signals' default actions apply again."""
        os.close(self._reading)
        os.close(self._writing)


def _wake(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: having a handler is what makes Python write the number into the pipe."""
