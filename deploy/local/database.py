"""The state's PostgreSQL for commands beside the stack, whether or not it runs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.binaries import postgres_bindir
from deploy.local.errors import LaunchError
from deploy.local.home import find_home
from deploy.local.lasting import keep_lasting
from deploy.local.lone_postgres import lone_postgres
from deploy.local.postgres import SUPERUSER, Postgres
from deploy.local.running import recorded
from deploy.local.state import State
from deploy.originals import Originals


@contextmanager
def superuser_url(state: State) -> Iterator[str]:
    """Lend a superuser's URL of the running stack's server, or of one that runs for the moment."""
    originals, home = Originals(state.secrets), find_home(state, postgres_bindir(os.environ))
    keep_lasting(state, originals, stored=home.exists)
    password = originals.password(SUPERUSER)
    if state.try_lock():
        with lone_postgres(state, password, os.environ) as url:
            yield url
        return
    running = recorded(state)
    if running is None or "postgres" not in running.processes:
        raise LaunchError("The stack is just starting: try again in a moment.")
    yield Postgres(home, state.logs / "postgres.log").url(SUPERUSER, password, "postgres")
