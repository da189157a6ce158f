"""All processes: how they are put together, in which order they start, and in which they stop."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from deploy.local.binaries import postgres_bindir, valkey_server
from deploy.local.environments import Environments
from deploy.local.errors import LaunchError
from deploy.local.home import find_home
from deploy.local.lasting import keep_lasting
from deploy.local.mail_catcher.part import MailCatcher
from deploy.local.postgres import SUPERUSER, Postgres
from deploy.local.processes import ChildSpec, begin_log, fork
from deploy.local.programs import Program, fork_program, import_program, import_shared
from deploy.local.reclaim import give_back_libraries
from deploy.local.settings import Settings
from deploy.local.state import State
from deploy.local.supervisor import Part, Supervisor, telling_log
from deploy.local.valkey import Valkey
from deploy.originals import Originals
from deploy.roles import DATABASE, SCHEMAS, RolePasswords, RolesSettings, set_up
from shared.settings import Secret

_STOP_ORDER = (("gateway",), tuple(SCHEMAS), ("valkey", "mail_catcher"), ("postgres",))
STORES = ("postgres", "valkey")
_PARTS = (*STORES, "gateway", *SCHEMAS)
_START_SECONDS = 60.0
_TAIL_LINES = 20
_LOG_BYTES = 10_000_000


class Stopped(Exception):
    """Somebody wished the start to end before it was complete."""


class Stack:
    """`tell` gets lines for the person at the terminal."""

    def __init__(self, settings: Settings, state: State, tell: Callable[[str], None]) -> None:
        self._state = state
        self._tell = tell
        self._originals = Originals(state.secrets)
        for log in (state.logs / "postgres.log", state.logs / "valkey.log"):
            _keep_small(log)
        home = find_home(state, postgres_bindir(settings.environ))
        keep_lasting(state, self._originals, stored=home.exists)
        self.postgres = Postgres(home, state.logs / "postgres.log")
        valkey_passwords = self._originals.passwords("valkey")
        self._valkey = Valkey(
            valkey_server(settings.environ), home.sockets, state.logs / "valkey.log", valkey_passwords
        )
        self.mail_catcher = (
            MailCatcher(home.sockets / "smtp.sock", settings.mail_port, state.logs / "mail_catcher.err")
            if settings.catches_mail
            else None
        )
        smtp_url = self.mail_catcher.smtp_url if self.mail_catcher else ""
        self._environments = Environments(
            settings, state, self._originals, self.postgres, self._valkey, home.service_sockets, smtp_url
        )

    def start(self, supervisor: Supervisor) -> None:
        """Return when everything is ready. Raises LaunchError, or Stopped when asked to stop meanwhile."""
        self.start_postgres(supervisor, [self._valkey])
        import_shared()
        supervisor.start([self._program("gateway")])
        self.migrate(supervisor)
        catchers: list[Part] = [self.mail_catcher] if self.mail_catcher else []
        supervisor.start([*(self._program(service) for service in SCHEMAS), *catchers])
        await_ready(supervisor, [*_PARTS, *(catcher.name for catcher in catchers)])
        give_back_libraries()

    def migrate(self, supervisor: Supervisor) -> None:
        """Make the roles, and bring the schemas up to date, in a PostgreSQL that runs already or under `supervisor`."""
        await_ready(supervisor, STORES)
        log = self._state.logs / "migrate.log"
        begin_log(log)
        roles = fork(ChildSpec("roles", log), lambda: asyncio.run(set_up(self._roles())) or 0)
        for service in SCHEMAS:
            import_program(service)
        _finish(supervisor, {"Setting up the database's roles": roles}, log)
        migrations = {
            f"Migrating {service}": fork_program(
                ChildSpec(service, log), ["migrate"], self._environments.migrating(service)
            )
            for service in SCHEMAS
        }
        _finish(supervisor, migrations, log)

    def start_postgres(self, supervisor: Supervisor, others: list[Part]) -> None:
        self.postgres.end_leftover()
        if not self.postgres.home.exists:
            self._tell("First start: making the database.")
        self.postgres.create(self._originals.password(SUPERUSER))
        supervisor.start([self.postgres, *others])

    def environment(self, program: str) -> dict[str, str]:
        """Return what a program is told."""
        return self._environments.of(program)

    @staticmethod
    def stop(supervisor: Supervisor) -> None:
        supervisor.stop(_STOP_ORDER)

    def _roles(self) -> RolesSettings:
        def password(role: str) -> str:
            return self._originals.passwords(role)[0]

        return RolesSettings(
            admin_url=Secret(self.postgres.url(SUPERUSER, password(SUPERUSER), "postgres")),
            database=DATABASE,
            passwords={
                schema: RolePasswords(Secret(password(f"{schema}_owner")), Secret(password(f"{schema}_runtime")))
                for schema in SCHEMAS.values()
            },
        )

    def _program(self, name: str) -> Program:
        log = self._state.logs / f"{name}.err"
        begin_log(log)
        return Program(name, self._environments.of(name), log)


def await_ready(supervisor: Supervisor, names: Collection[str]) -> None:
    """Return when these parts are ready. Raises LaunchError, or Stopped."""
    until = time.monotonic() + _START_SECONDS
    while unready := [part for part in supervisor.unready() if part.name in names]:
        if supervisor.stopping:
            raise Stopped
        if late := supervisor.hopeless() or (unready if time.monotonic() > until else []):
            raise LaunchError("\n".join(map(_plight, late)))
        supervisor.step()


def _plight(part: Part) -> str:
    said = part.complaint() if isinstance(part, Program) else ""
    return f"{part.name} doesn't get ready{f' ({said})' if said else ''}. {_tail(part.log)}"


def _finish(supervisor: Supervisor, jobs: Mapping[str, int], log: Path) -> None:
    statuses = supervisor.finish(jobs)
    if supervisor.stopping:
        raise Stopped
    if failed := [name for name, status in statuses.items() if status]:
        raise LaunchError(f"{' and '.join(failed)} failed. {_tail(log)}")


def _keep_small(log: Path) -> None:
    """Set a long log of a store aside, in place of the last one: the stores don't rotate theirs."""
    if log.is_file() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _tail(log: Path) -> str:
    """Return a log's last lines."""
    path = telling_log(log)
    lines = path.read_text(errors="replace").splitlines()[-_TAIL_LINES:] if path.is_file() else []
    return "\n".join([f"The end of {path}:", *(f"  {line}" for line in lines)]) if lines else f"{path} is empty."
