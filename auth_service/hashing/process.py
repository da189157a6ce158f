"""One process that hashes (`worker.py`), as seen from here."""

import socket
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import msgspec

_SCRIPT = Path(__file__).with_name("worker.py")
_PACKAGES = Path(__file__).parents[2]

T = TypeVar("T")


class ProcessLost(Exception):
    """The process died, stands still, or couldn't be started."""


class HashingProcess:
    """For one thread at a time, which waits for it. Everything goes through a socket: no password is in its arguments
    or its environment.
    """

    def __init__(self, seconds: float) -> None:
        """Start it; a piece of work may take so many seconds. Raises ProcessLost. What it complains of, we do."""
        try:
            self._socket, its = socket.socketpair()
        except OSError as exc:  # there are no more descriptors
            raise ProcessLost(str(exc)) from exc
        self._socket.settimeout(seconds)
        self._answers = self._socket.makefile("rb")
        with its:
            try:
                self._process = subprocess.Popen(  # noqa: S603  a constant program
                    [sys.executable, "-I", str(_SCRIPT), str(_PACKAGES)],
                    stdin=its.fileno(),
                    stdout=its.fileno(),
                    env={},
                    cwd="/",
                    start_new_session=True,
                )
            except OSError as exc:
                self._hang_up()
                raise ProcessLost(str(exc)) from exc
        self.idle_since = 0.0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, line: bytes, kind: type[T]) -> T:
        """Return its answer to a line, of that kind. Raises ProcessLost; then it is to be ended."""
        try:
            self._socket.sendall(line + b"\n")
            return msgspec.json.decode(self._answers.readline(), type=kind)
        except (OSError, msgspec.DecodeError) as exc:  # no line at all is no JSON, too
            raise ProcessLost(repr(exc)) from exc

    def kill(self) -> None:
        """Have whoever asks it find it lost."""
        self._process.kill()

    def end(self) -> None:
        """Kill it, whatever it is doing, and wait until it is gone."""
        self.kill()
        self._process.wait()
        self._hang_up()

    def _hang_up(self) -> None:
        self._answers.close()
        self._socket.close()
