"""The command over the same: in a process of its own, with the database's URL and nothing else."""

import json
from pathlib import Path

import pytest

from tests.integration.auth_service.people import Json
from tests.integration.auth_service.test_program import start
from tests.integration.auth_service.world import AuthService
from tests.stores import DatabaseUrls
from tests.unit.auth_service.foreign_hashes import FOREIGN, PASSWORD


async def run(urls: DatabaseUrls, *arguments: str) -> tuple[int | None, list[Json], str]:
    """Return its status, what it printed of each row, and what it said."""
    process = await start({"DATABASE_URL": urls.runtime}, "import", *arguments)
    output, errors = await process.communicate()
    return process.returncode, [json.loads(line) for line in output.splitlines()], errors.decode()


@pytest.mark.parametrize("as_array", [False, True], ids=["lines", "array"])
async def test_file_is_imported_with_roles_and_may_be_again(
    service: AuthService, auth_database: DatabaseUrls, tmp_path: Path, *, as_array: bool
) -> None:
    rows = [
        {"email": "ada@example.org", "password_hash": FOREIGN["Django pbkdf2"], "roles": ["admin"]},
        {"email": "bob@example.org"},
    ]
    file = tmp_path / "users.json"
    file.write_text(json.dumps(rows) if as_array else "\n".join(map(json.dumps, rows)), "utf-8")
    status, results, said = await run(auth_database, str(file))
    assert (status, said) == (0, "import: 2 created, 0 duplicate, 0 invalid\n")
    assert [result["outcome"] for result in results] == ["created", "created"]
    signed_in = await service.try_login("ada@example.org", PASSWORD)
    assert signed_in.status == 200
    roles = await service.admin.fetchval("select roles from auth.account where email = 'ada@example.org'")
    assert roles == ["admin"]
    status, again, _ = await run(auth_database, str(file))
    assert status == 0
    assert [result["user_id"] for result in again] == [result["user_id"] for result in results]
    assert {result["outcome"] for result in again} == {"duplicate"}
    actors = await service.admin.fetch("select distinct actor_id::text from auth.audit_entry where action = 'imported'")
    assert [row["actor_id"] for row in actors] == ["00000000-0000-0000-0000-000000000000"]


async def test_invalid_row_is_told_by_the_exit_status(auth_database: DatabaseUrls, tmp_path: Path) -> None:
    file = tmp_path / "users.ndjson"
    file.write_text('\n{"email": "ada@example.org"}\n{"email": "nope"}\n', "utf-8")
    status, results, _ = await run(auth_database, str(file))
    assert status == 1
    assert [(result["row"], result["outcome"]) for result in results] == [(2, "created"), (3, "invalid")]


async def test_what_cant_be_read_or_reached_is_told_in_a_line(auth_database: DatabaseUrls, tmp_path: Path) -> None:
    status, results, said = await run(auth_database, str(tmp_path / "absent"))
    assert (status, results) == (1, [])
    assert "can't be read" in said
    file = tmp_path / "users.ndjson"
    file.write_text('{"email": "ada@example.org"}\n', "utf-8")
    process = await start({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, "import", str(file))
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"run it again" in errors
    assert b"Traceback" not in errors
