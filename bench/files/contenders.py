"""The programs that are measured beside ours: nginx (WebDAV PUT, static GET), npm's @tus/server, PocketBase."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.files.transfer import Client
from bench.gateway.setting import BENCH
from bench.processes import Failed, Missing, Program, free_port, running

_PEERS = Path(__file__).with_name("peers")
_NODE = BENCH / "files-node"
_PACKAGES = ("@tus/server@2.4.5", "@tus/file-store@2.1.1")
_POCKETBASE = BENCH / "venv" / "bin" / "pocketbase"
_ADMIN = ("admin@example.org", "correct horse battery")
_ADMINS = "/api/collections/_superusers"


@dataclass(frozen=True, slots=True)
class Peer:
    port: int
    pid: int
    token: str = ""

    def client(self) -> Client:
        return Client(self.port, self.token)


@contextmanager
def nginx() -> Iterator[Peer]:
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        raise Missing("nginx isn't installed: on Debian and Ubuntu, apt-get install nginx-light")
    with _folder() as folder:
        (folder / "files").mkdir()
        folder.chmod(0o777)
        (folder / "files").chmod(0o777)
        port, file = free_port(), folder / "nginx.conf"
        template = (_PEERS / "nginx.conf").read_text()
        file.write_text(template.replace("@FOLDER@", str(folder)).replace("@PORT@", str(port)))
        with running(Program([program, "-c", str(file)], output=folder / "log"), port, measured=False) as pid:
            yield Peer(port, pid)


@contextmanager
def tus_server() -> Iterator[Peer]:
    node = shutil.which("node")
    if node is None or not _install():
        raise Missing("npm's @tus/server needs node 20 and npm")
    with _folder() as folder:
        port = free_port()
        environ = {"NODE_FOLDER": str(_NODE), "NODE_ENV": "production", "FOLDER": str(folder), "PORT": str(port)}
        program = Program([node, str(_PEERS / "tus.mjs")], environ, folder / "log")
        with running(program, port, measured=False) as pid:
            yield Peer(port, pid)


def _install() -> bool:
    mark = _NODE / "installed"
    if mark.exists() and mark.read_text() == " ".join(_PACKAGES):
        return True
    npm = shutil.which("npm")
    if npm is None:
        return False
    _NODE.mkdir(parents=True, exist_ok=True)
    flags = ["--prefix", str(_NODE), "--no-save", "--no-package-lock", "--ignore-scripts", "--silent"]
    if subprocess.run([npm, "install", *flags, *_PACKAGES], check=False).returncode:
        return False
    mark.write_text(" ".join(_PACKAGES))
    return True


@contextmanager
def pocketbase() -> Iterator[Peer]:
    """Run it with a collection `files` of one file each, open to whoever has the token."""
    if not _POCKETBASE.exists():
        raise Missing("PocketBase isn't installed: make .bench/.peers")
    with _folder() as folder:
        places = ["--dir", f"{folder}/data", "--migrationsDir", f"{folder}/migrations", "--automigrate=false"]
        subprocess.run([_POCKETBASE, "superuser", "upsert", *_ADMIN, *places], check=True, capture_output=True)
        port = free_port()
        argv = [str(_POCKETBASE), "serve", "--http", f"127.0.0.1:{port}", *places]
        with running(Program(argv, output=folder / "log"), port, measured=False) as pid:
            yield Peer(port, pid, _collection(port))


def _collection(port: int) -> str:
    """Make the collection, and return an administrator's token: no rule is asked for it, so it costs least."""
    token: str = _call(port, "POST", f"{_ADMINS}/auth-with-password", _credentials())["token"]
    _call(port, "PATCH", "/api/settings", b'{"rateLimits": {"enabled": false}}', token)
    fields = b'[{"name": "file", "type": "file", "maxSelect": 1, "maxSize": 1000000000}]'
    _call(port, "POST", "/api/collections", b'{"name": "files", "type": "base", "fields": ' + fields + b"}", token)
    return token


def _credentials() -> bytes:
    identity, password = _ADMIN
    return f'{{"identity": "{identity}", "password": "{password}"}}'.encode()


def _call(port: int, method: str, target: str, body: bytes, token: str = "") -> Any:
    with Client(port, token) as client:
        reply = client.exchange(method, target, body, Content_Type="application/json")
    if reply.status != HTTPStatus.OK:
        raise Failed(f"PocketBase answers {reply.status} to {target}")
    return reply.json()


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="colonnade-bench-") as folder:
        yield Path(folder)
