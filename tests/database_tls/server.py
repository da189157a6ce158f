"""PostgreSQL that speaks TLS alone, and knows services by their certificates; the one of the wheels has no TLS."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.authority import Authority, Pair
from tests.ports import free_port
from tests.stores import PASSWORD

HOST = "127.0.0.1"
ROLES = "auth_owner,auth_runtime"
_ACCESS = f"""
hostssl all postgres {HOST}/32 scram-sha-256
hostssl all {ROLES} {HOST}/32 cert
"""


@dataclass(frozen=True)
class TlsPostgres:
    port: int
    authority: Authority
    trusted: Path  # the authority's certificate

    def url(self, role: str, pair: Pair | None = None, database: str = "auth", **changes: str) -> str:
        """Return the DSN of a role: by its certificate, or else by the tests' password."""
        query = {"sslmode": "verify-full", "sslrootcert": str(self.trusted)}
        if pair is not None:
            query |= {"sslcert": str(pair.certificate), "sslkey": str(pair.key)}
        login = role if pair is not None else f"{role}:{PASSWORD}"
        return f"postgresql://{login}@{HOST}:{self.port}/{database}?{urlencode(query | changes)}"


def binaries() -> Path:
    """Return the folder of Debian's newest server. It must be there: who runs these tests wants them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda each: int(each.parts[-3]))
    assert found, "no /usr/lib/postgresql/*/bin/postgres: apt install postgresql"
    return found[-1].parent


@contextmanager
def running_tls_postgres() -> Iterator[TlsPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="colonnade-tls-"))
    folder.chmod(0o711)
    (certificates := folder / "certificates").mkdir()
    authority = Authority(certificates)
    (trusted := certificates / "authority.pem").write_text(authority.certificate)
    try:
        with _serving(folder, authority.issue(HOST), trusted) as port:
            yield TlsPostgres(port, authority, trusted)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _serving(folder: Path, own: Pair, trusted: Path) -> Iterator[int]:
    (home := folder / "server").mkdir()
    (home / "password").write_text(PASSWORD)
    (home / "access").write_text(_ACCESS)
    for name, source in (("server.pem", own.certificate), ("server.key", own.key), ("authority.pem", trusted)):
        shutil.copyfile(source, home / name)
    (home / "server.key").chmod(0o600)
    port, user = free_port(), "postgres" if os.geteuid() == 0 else None
    if user is not None:
        for each in (home, *home.iterdir()):
            shutil.chown(each, user)
    data = home / "data"
    making = ["initdb", "-D", str(data), "-U", "postgres", "-E", "UTF8", "--no-sync", f"--pwfile={home / 'password'}"]
    subprocess.run(_argv([*making, "--auth=scram-sha-256"]), check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)
    settings = {
        "listen_addresses": HOST, "port": str(port), "unix_socket_directories": "", "fsync": "off", "ssl": "on",
        "ssl_cert_file": str(home / "server.pem"), "ssl_key_file": str(home / "server.key"),
        "ssl_ca_file": str(home / "authority.pem"), "hba_file": str(home / "access"),
    }  # fmt: skip
    options = " ".join(f"-c {name}={value or chr(39) * 2}" for name, value in settings.items())
    control = ["pg_ctl", "-D", str(data), "-l", str(home / "log"), "-o", options]
    subprocess.run(_argv([*control, "-w", "start"]), check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        stopping = _argv(["pg_ctl", "-D", str(data), "-m", "immediate", "stop"])
        subprocess.run(stopping, check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)


def _argv(command: Sequence[str]) -> list[str]:
    return [str(binaries() / command[0]), *command[1:]]
