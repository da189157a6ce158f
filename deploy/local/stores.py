"""PostgreSQL and Valkey alone, for tests: `python -m deploy.local.stores FOLDER`.

Prints one line of JSON when both serve: `postgres`, a superuser's URL of the server, and `valkey`. Both end when the
standard input closes, so that they end with whoever started them. Nothing that is written to them is kept safe.
"""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from deploy.local import outside
from deploy.local.binaries import postgres_bindir, valkey_server
from deploy.local.errors import LaunchError
from deploy.local.home import find_home
from deploy.local.postgres import SUPERUSER, UNSAFE, Postgres
from deploy.local.signals import Signals
from deploy.local.stack import STORES, Stopped, await_ready
from deploy.local.state import State
from deploy.local.supervisor import Supervisor
from deploy.local.valkey import Valkey

_PASSWORD = "guards-nothing-but-tests"  # noqa: S105  it guards nothing


def _serve(state: State, signals: Signals) -> None:
    home = find_home(state, postgres_bindir(os.environ))
    postgres = Postgres(home, state.logs / "postgres.log", UNSAFE)
    postgres.create(_PASSWORD)
    valkey = Valkey(valkey_server(os.environ), home.sockets, state.logs / "valkey.log", [_PASSWORD])
    supervisor = Supervisor(signals, lambda text: print(text, file=sys.stderr), lambda: None)
    try:
        supervisor.start([postgres, valkey])
        await_ready(supervisor, STORES)
        urls = {"postgres": postgres.url(SUPERUSER, _PASSWORD, "postgres"), "valkey": valkey.url}
        print(json.dumps(urls), flush=True)
        while not supervisor.stopping:
            supervisor.step()
    finally:
        supervisor.stop([["postgres", "valkey"]])


def main(folder: str) -> int:
    state = State(Path(folder))
    try:
        state.create()
        with Signals(lifeline=sys.stdin.fileno()) as signals, suppress(Stopped):
            _serve(state, signals)
    except LaunchError as exc:
        print(exc, file=sys.stderr)
        return 1
    finally:
        outside.remove(state.instance)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
