"""The four programs as parts of the stack.

The launcher imports what they have in common, and the services, once, and forks: it is in memory once. The gateway
imports what it alone needs by itself, on another core, while the schemas are migrated.
"""

import gc
import http.client
import importlib
import json
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.environments import LOOPBACK
from deploy.local.own_metrics import forget_metrics_of_others
from deploy.local.processes import ChildSpec, fork

Main = Callable[[list[str]], int]
_PROBE_SECONDS = 1.0


def import_shared() -> None:
    gc.disable()  # nothing that an import makes is garbage
    importlib.import_module("shared.serve")
    gc.freeze()  # or the first collection in a child would touch, and so copy, every object


def import_program(name: str) -> Main:
    main: Main = importlib.import_module(f"{name}.__main__").main
    gc.freeze()  # again: there is more
    return main


def fork_program(spec: ChildSpec, arguments: list[str], environ: Mapping[str, str]) -> int:
    """Run the program that the child is named for. What the launcher has imported needn't be again."""

    def run() -> int:
        os.environ.clear()
        os.environ.update(environ)
        main = import_program(spec.name)
        forget_metrics_of_others(spec.name)
        gc.enable()
        return main(arguments)

    return fork(spec, run)


class Program:
    """`log` is what it says in distress; its own log, which it rotates itself, lies beside it."""

    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, name: str, environ: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._environ = environ

    def start(self) -> int:
        return fork_program(ChildSpec(self.name, self.log, quiet=True), [], self._environ)

    def ready(self) -> bool:
        return self._ask()[0] == http.HTTPStatus.OK

    def complaint(self) -> str:
        """Return which of its checks fail, and how, as it says itself; nothing where it says nothing."""
        try:
            checks = json.loads(self._ask()[1])["checks"]
        except (ValueError, KeyError, TypeError):
            return ""
        return "; ".join(f"{check}: {result}" for check, result in checks.items() if result != "ok")

    def _ask(self) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(LOOPBACK, int(self._environ["PRIVATE_PORT"]), timeout=_PROBE_SECONDS)
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()
