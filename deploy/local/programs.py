"""The four programs as parts of the stack. They are imported once, by the launcher, and forked."""

import gc
import http.client
import importlib
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.environments import LOOPBACK, PROGRAMS
from deploy.local.processes import Birth, fork

Main = Callable[[list[str]], int]
_PROBE_SECONDS = 1.0


def import_programs() -> dict[str, Main]:
    """Return each program's `main`. What they import is in memory once, as long as nobody writes to it."""
    gc.disable()
    mains = {program: importlib.import_module(f"{program}.__main__").main for program in PROGRAMS}
    gc.collect()
    gc.freeze()  # or the first collection in a child would touch, and so copy, every object
    return mains


def fork_program(birth: Birth, main: Main, arguments: list[str], environ: Mapping[str, str]) -> int:
    def run() -> int:
        gc.enable()
        os.environ.clear()
        os.environ.update(environ)
        return main(arguments)

    return fork(birth, run)


class Program:
    """`log` is what it says in distress; its own log, which it rotates itself, lies beside it."""

    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, name: str, main: Main, environ: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._main = main
        self._environ = environ

    def start(self) -> int:
        return fork_program(Birth(self.name, self.log, quiet=True), self._main, [], self._environ)

    def ready(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, int(self._environ["PRIVATE_PORT"]), timeout=_PROBE_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
