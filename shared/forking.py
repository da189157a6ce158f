"""Children that share what their parent has imported. The parent must have a single thread, and no event loop yet."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress

_OURS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
_BROKEN = 70  # the exit status of what raised


def fork(run: Callable[[], int]) -> int:
    """Run `run` in a child in a session of its own, out of reach of the terminal's Ctrl-C, and return its pid.

    The child starts with the default actions of the signals that parents handle, and ends with what `run` returns.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if pid := _fork_deaf():
        return pid
    status = _BROKEN
    try:
        _settle()
        status = run()
    except SystemExit as exc:
        status = exc.code if isinstance(exc.code, int) else 1
    except BaseException:  # noqa: BLE001  whatever it was belongs in the child's log, and the child must end here
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _fork_deaf() -> int:
    """Fork with signals kept back in the child, until it has let go of our handlers: they would swallow them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)
    pid = 1
    try:
        pid = os.fork()
    finally:
        if pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)
    return pid


def _settle() -> None:
    signal.set_wakeup_fd(-1)
    for number in _OURS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)
    os.setsid()
