"""PocketBase with the same people in its own collection of users: indexed, searchable by whoever is signed in."""

import json
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import bcrypt

from bench.processes import ROOT, Failed, Program, free_port, running
from bench.visit.people import PAGE, Term, names
from bench.visit.work import USERS, Work, exchange
from bench.wrk import http_request

_PROGRAM = str(ROOT / ".bench" / "venv" / "bin" / "pocketbase")
_ADMIN = ("admin@example.org", "correct horse battery")
_RECORDS = "/api/collections/users/records"
_SIGNED_IN = "@request.auth.id != ''"
_INSERT = """
    insert into users (id, name, email, tokenKey, password, created, updated)
    values (?, ?, ?, ?, ?, '2024-05-01 00:00:00.000Z', '2024-05-01 00:00:00.000Z')
"""


@dataclass(frozen=True, slots=True)
class PocketBase:
    """`visitors` are ids and tokens; `found` tells how many a term finds."""

    port: int
    pids: tuple[int, ...]
    visitors: Sequence[tuple[str, str]]
    found: Mapping[str, int]

    def get(self) -> Work:
        return Work([http_request(f"{_RECORDS}/{user}", token) for user, token in self.visitors], '"name"')

    def patch(self) -> Work:
        requests = [
            http_request(f"{_RECORDS}/{user}", token, method="PATCH", body=b'{"name": "Visitor %d"}' % number)
            for number, (user, token) in enumerate(self.visitors)
        ]
        return Work(requests, '"Visitor 0"')

    def search(self, term: Term, place: float) -> Work:
        """`place` is 0 for the first page, 1 for the last. Without counting all that is found, which ours doesn't."""
        count = self.found[term.text]
        pages = -(-count // PAGE)
        page = 1 + round((pages - 1) * place)
        target = f"{_RECORDS}?page={page}&perPage={PAGE}&skipTotal=1&filter=(name~%27{term.text}%27)"
        items = min(PAGE, count - (page - 1) * PAGE)
        return Work([http_request(target, token) for _, token in self.visitors], term.text, items)


@contextmanager
def pocketbase(terms: Sequence[Term]) -> Iterator[PocketBase]:
    """Run it until the block ends."""
    if not Path(_PROGRAM).exists():
        raise Failed("PocketBase isn't installed: make .bench/.peers")
    with TemporaryDirectory(prefix="colonnade-bench-") as folder:
        places = ["--dir", f"{folder}/data", "--migrationsDir", f"{folder}/migrations", "--automigrate=false"]
        subprocess.run([_PROGRAM, "superuser", "upsert", *_ADMIN, *places], check=True, capture_output=True)
        people = names()
        ids = _seed(Path(folder) / "data" / "data.db", [*people, *[""] * USERS])
        port = free_port()
        argv = [_PROGRAM, "serve", "--http", f"127.0.0.1:{port}", *places]
        with running(Program(argv, output=Path(folder) / "output.log"), port) as pid:
            visitors = _prepare(port, ids[-USERS:])
            found = {term.text: sum(term.text in name.lower() for name in people) for term in terms}
            yield PocketBase(port, (pid,), visitors, found)


def _seed(database: Path, people: Sequence[str]) -> list[str]:
    """Put the people in, and return their ids."""
    ids = [f"p{number:014d}" for number in range(len(people))]
    password = bcrypt.hashpw(b"correct horse battery", bcrypt.gensalt(4)).decode()
    rows = (
        (user, name, f"{user}@example.org", f"key-of-{user}-that-is-long-enough-for-a-signature", password)
        for user, name in zip(ids, people, strict=True)
    )
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(_INSERT, rows)
    return ids


def _prepare(port: int, ids: Sequence[str]) -> list[tuple[str, str]]:
    """Open the collection to whoever is signed in, index names, and return those who visit with their tokens."""
    identity = {"identity": _ADMIN[0], "password": _ADMIN[1]}
    admin = _call(port, "POST", "/api/collections/_superusers/auth-with-password", identity)["token"]
    _call(port, "PATCH", "/api/settings", {"rateLimits": {"enabled": False}}, admin)
    indexes = _call(port, "GET", "/api/collections/users", None, admin)["indexes"]
    changes = {
        "listRule": _SIGNED_IN,
        "viewRule": _SIGNED_IN,
        "indexes": [*indexes, "create index users_name_idx on users (name)"],
    }
    _call(port, "PATCH", "/api/collections/users", changes, admin)
    return [
        (user, _call(port, "POST", f"/api/collections/users/impersonate/{user}", {"duration": 3600}, admin)["token"])
        for user in ids
    ]


def _call(port: int, method: str, path: str, body: Any, token: str = "") -> Any:
    request = http_request(path, token, method=method, body=json.dumps(body).encode() if body else b"")
    status, answer = exchange(port, request)
    if status != HTTPStatus.OK:
        raise Failed(f"PocketBase answers {status} to {method} {path}: {answer[:300]!r}")
    return json.loads(answer)
