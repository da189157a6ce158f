"""Our gateway, as it runs in earnest and as bare as its configuration can make it."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.gateway.contenders import Contender, Prepare, Values
from bench.gateway.setting import LIMIT, Setting
from bench.gateway.tokens import ISSUER, Tokens
from bench.processes import Program, free_port, running
from tests.integration.gateway.running_gateway import write_keys

_ROUTES = f"""
[limits.user]
policy = "{LIMIT} per minute"
key = "user"

[[route]]
name = "mine"
prefix = "/mine"
methods = ["GET", "PUT"]
upstream = "user_service"
auth = "user"
limit = "user"
timeout = 300
max_body = "1 GiB"
"""
_NOWHERE = "redis://127.0.0.1:1/0"  # nothing listens there: it counts in memory
_BARE = {"LOG_LEVEL": "error"}


def full(hit_rate: int = 100, **environ: str) -> Contender:
    """With all that it always does: metrics, a log line, traces, identity, limits shared over Valkey."""
    name = "Colonnade" if hit_rate == 100 else f"Colonnade, {hit_rate} % hits"  # noqa: PLR2004  percent
    return Contender(name, "ES256", "all features", _prepare(environ), hit_rate, ours=True)


def bare() -> Contender:
    """Without a log line, as the peers run. Limits and metrics can't be switched off."""
    return Contender("Colonnade, bare", "ES256", "no log line", _prepare(_BARE), ours=True)


def alone() -> Contender:
    """Without a log line, and without Valkey: it counts limits in its own memory, as the peers do."""
    environ = {**_BARE, "VALKEY_URL": _NOWHERE}
    return Contender("Colonnade, alone", "ES256", "no log line, limits in memory", _prepare(environ), ours=True)


@contextmanager
def auth_service(tokens: Tokens) -> Iterator[str]:
    """Run what stands for it until the block ends; yields its URL."""
    port = free_port()
    program = Program(
        [sys.executable, "-m", "bench.gateway.auth_stand_in"], {"JWKS": tokens.jwks("ES256"), "PORT": str(port)}
    )
    with running(program, port, measured=False):
        yield f"http://127.0.0.1:{port}"


def _prepare(changes: Mapping[str, str]) -> Prepare:
    def prepare(setting: Setting, values: Values) -> Program:
        folder = setting.folder / f"ours-{values['PORT']}"
        folder.mkdir()
        (folder / "routes.toml").write_text(_ROUTES)
        service = f"http://127.0.0.1:{values['UPSTREAM']}"
        environ = write_keys(folder) | {
            "PUBLIC_URL": ISSUER,
            "PORT": values["PORT"],
            "PRIVATE_PORT": values["PRIVATE_PORT"],
            "ROUTES_FILE": str(folder / "routes.toml"),
            "VALKEY_URL": setting.valkey,
            "AUTH_URL": setting.auth,
            "AUTH_INTERNAL_URL": setting.auth,
            "USER_URL": service,
            "FILE_URL": service,
            "LOG_FORMAT": "json",
            "DRAIN_SECONDS": "0.1",
        }
        log = folder / "errors.log"
        return Program([sys.executable, "-m", "gateway"], {**environ, **changes}, log, piped=True)

    return prepare
