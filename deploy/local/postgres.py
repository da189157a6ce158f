"""PostgreSQL for one machine: a cluster that is made once, listens on a Unix socket alone, and is tuned to be small.

Durability isn't tuned: fsync and synchronous_commit stay on.
"""

import locale
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from deploy.local.errors import LaunchError
from deploy.local.home import Home
from deploy.local.processes import ChildSpec, fork, run_binary, start_mark
from deploy.local.state import sync_folder

SUPERUSER = "postgres"
ENVIRON = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_PORT = 5432  # names the socket; nothing listens on TCP
_BUILTIN_LOCALE = 17  # the first version that has one, alike on every machine
_CHOICE_OF_IO = 18
_CTYPES = ("C.UTF-8", "UTF-8", "en_US.UTF-8")  # Linux, macOS, and older systems of either kind
_LEFTOVER_SECONDS = 10.0
_STATUS_LINE = 7  # of postmaster.pid
_SMALL: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "50",  # three pools of ten, their listeners, migrations and a person's psql
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_replication_slots": "0",
    "max_logical_replication_workers": "0",
    "max_parallel_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_max_workers": "2",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Errors of statements are the programs' to log: here they would bring people's data along.
    "log_min_messages": "log",
    "log_checkpoints": "off",
}
UNSAFE: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """`settings` are added to the server's own; `UNSAFE` suits data that may be lost, such as tests'."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends sessions, writes a checkpoint
    kill_signal = signal.SIGQUIT  # "immediate": recovers from the log at the next start

    def __init__(self, home: Home, log: Path, settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.log = log
        self._settings = settings or {}

    def url(self, role: str, password: str, database: str) -> str:
        place = quote(str(self.home.postgres_sockets), safe="")
        return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={place}&port={_PORT}"

    def create(self, password: str) -> None:
        """Make the cluster unless it is there; a start that was cut off leaves nothing that counts."""
        place = self.home.data.parent
        try:
            for left in place.glob("postgres-new-*"):
                shutil.rmtree(left, ignore_errors=True)
            if self.home.exists:
                return
            staging = Path(tempfile.mkdtemp(dir=place, prefix="postgres-new-"))
            self._own(staging)
            self._initdb(staging, password)
            (staging / "data").rename(self.home.data)
            sync_folder(place)
            shutil.rmtree(staging)
        except OSError as exc:
            raise LaunchError(f"Can't make the database in {self.home.data}: {exc}.") from exc

    def _initdb(self, staging: Path, password: str) -> None:
        secret = staging / "password"
        secret.write_text(password, encoding="utf-8")
        secret.chmod(0o600)
        self._own(secret)
        fast = ("--no-sync",) if self._settings.get("fsync") == "off" else ()
        argv = [
            *(str(self.home.bindir / "initdb"), "-D", str(staging / "data"), "-U", SUPERUSER, "-E", "UTF8"),
            *("--auth=scram-sha-256", f"--pwfile={secret}", "--no-instructions", *fast, *self._locale()),
        ]
        log = self.log.with_name("initdb.log")
        spec = ChildSpec("initdb", log, signal.SIGKILL, self.home.account)
        if os.waitpid(fork(spec, lambda: run_binary(argv, ENVIRON)), 0)[1]:
            raise LaunchError(f"initdb failed: {' '.join(log.read_text(errors='replace').split()[-60:])}")

    def _own(self, path: Path) -> None:
        if self.home.account:
            os.chown(path, self.home.account.uid, self.home.account.gid)

    def _locale(self) -> tuple[str, ...]:
        libc = ("--locale=C", f"--lc-ctype={_ctype()}")
        if self._version() >= _BUILTIN_LOCALE:
            return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", *libc)
        return libc

    def _version(self) -> int:
        postgres = str(self.home.bindir / "postgres")
        said = subprocess.run([postgres, "-V"], capture_output=True, text=True, check=True, env=ENVIRON, cwd="/")  # noqa: S603  as above
        return int(said.stdout.split()[2].split(".")[0])

    def start(self) -> int:
        """Start the server and return its pid; `ready` tells when it serves."""
        self._remove_stale_lock()
        spec = ChildSpec(self.name, self.log, signal.SIGINT, self.home.account)
        return fork(spec, lambda: run_binary(self.command(), ENVIRON))

    def command(self) -> list[str]:
        major = int((self.home.data / "PG_VERSION").read_text())
        settings = {**_SMALL, "unix_socket_directories": str(self.home.postgres_sockets), **self._settings}
        if major >= _CHOICE_OF_IO:
            settings["io_method"] = "sync"  # saves three processes
        argv = [str(self.home.bindir / "postgres"), "-D", str(self.home.data), "-p", str(_PORT)]
        return [*argv, *(f"--{name}={value}" for name, value in settings.items())]

    def ready(self) -> bool:
        lines = self._pid_file()
        return lines[_STATUS_LINE : _STATUS_LINE + 1] == ["ready   "] and start_mark(int(lines[0])) is not None

    def _pid_file(self) -> list[str]:
        try:
            return (self.home.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []

    def _remove_stale_lock(self) -> None:
        """Remove a lock whose number now belongs to nobody, to a zombie or to a stranger: PostgreSQL would trust it."""
        lines = self._pid_file()
        if lines and not self._is_server(int(lines[0])):
            (self.home.data / "postmaster.pid").unlink(missing_ok=True)

    def _is_server(self, pid: int) -> bool:
        """Tell whether that process is a live PostgreSQL on our data."""
        if start_mark(pid) is None:
            return False
        ps = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
        with suppress(OSError):
            return str(self.home.data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        return str(self.home.data) in subprocess.run(ps, capture_output=True, text=True, check=False).stdout  # noqa: S603  a constant program

    def end_leftover(self) -> None:
        """Stop a server that outlived its launcher: it is stopping already, and gets help if it takes too long."""
        lines = self._pid_file()
        if not lines or not self._is_server(pid := int(lines[0])):
            return
        for number in (self.stop_signal, self.kill_signal):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            until = time.monotonic() + _LEFTOVER_SECONDS
            while time.monotonic() < until:
                if not self._is_server(pid):
                    return
                time.sleep(0.02)
        raise LaunchError(f"An old PostgreSQL, process {pid}, doesn't stop. End it, then start again.")


def _ctype() -> str:
    """Return a libc locale that knows letters beyond ASCII: pg_trgm asks it, and no other provider, what a letter is.

    Without one ("C"), search still finds such names, by reading all of them.
    """
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in _CTYPES:
            with suppress(locale.Error):
                return locale.setlocale(locale.LC_CTYPE, name)
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
