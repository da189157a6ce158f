"""`python -m tests.replicated.prepare STATE PUBLIC_URL`: make an installation's database cluster and its secrets.

Prints as JSON how its stores are started and what each program is told. In a process of its own: the launcher's code
forks, which suits neither a test runner nor an event loop.
"""

import json
import sys
from pathlib import Path

from deploy.local.binaries import postgres_bindir, valkey_server
from deploy.local.environments import PROGRAMS, Environments
from deploy.local.home import find_home
from deploy.local.postgres import ENVIRON, SUPERUSER, Postgres
from deploy.local.settings import read_settings
from deploy.local.state import State
from deploy.local.valkey import Valkey
from deploy.originals import Originals
from deploy.roles import SCHEMAS

_CONNECTIONS = {"max_connections": "100"}  # two pools of each service, and what a drill looks with


def main(folder: str, public_url: str) -> int:
    state = State(Path(folder))
    state.create()
    originals = Originals(state.secrets)
    settings = read_settings({"STATE_DIR": folder, "PUBLIC_URL": public_url})
    home = find_home(state, postgres_bindir({}))
    postgres = Postgres(home, state.logs / "postgres.log", _CONNECTIONS)
    postgres.create(originals.password(SUPERUSER))
    valkey = Valkey(valkey_server({}), home.sockets, state.logs / "valkey.log", originals.passwords("valkey"))
    environments = Environments(settings, state, originals, postgres, valkey, home.service_sockets)
    admin_url = postgres.url(SUPERUSER, originals.password(SUPERUSER), "postgres")
    plan = {
        "postgres": {
            "command": postgres.command(),
            "environ": dict(ENVIRON),
            "account": [home.account.uid, home.account.gid] if home.account else None,
            "data": str(home.data),
        },
        "valkey": {"command": valkey.command(), "configuration": valkey.configuration, "url": valkey.url},
        "admin_url": admin_url,
        "roles": {"DATABASE_ADMIN_URL": admin_url} | _passwords(originals),
        "programs": {program: _at_ports(environments.of(program)) for program in PROGRAMS},
        "migrating": {service: environments.migrating(service) for service in SCHEMAS},
    }
    print(json.dumps(plan))
    return 0


def _at_ports(environ: dict[str, str]) -> dict[str, str]:
    """Of several replicas each listens on a port of its own."""
    return {name: value for name, value in environ.items() if name != "SOCKET"}


def _passwords(originals: Originals) -> dict[str, str]:
    return {
        f"{schema.upper()}_{kind.upper()}_PASSWORD": originals.password(f"{schema}_{kind}")
        for schema in SCHEMAS.values()
        for kind in ("owner", "runtime")
    }


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
