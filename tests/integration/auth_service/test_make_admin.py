"""The command by which the first administrator comes to be."""

import asyncio
import sys
from asyncio.subprocess import PIPE

import pytest

from tests.integration.auth_service.administrators import USERS, audit_of
from tests.integration.auth_service.world import AuthService, is_live
from tests.stores import ROOT, DatabaseUrls


async def run(urls: DatabaseUrls, *arguments: str) -> tuple[int | None, str]:
    """Return its exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "auth_service", "admin", *arguments),
        cwd=ROOT,
        env={"DATABASE_URL": urls.runtime},
        stdout=PIPE,
        stderr=PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode, (output + errors).decode()


async def test_registered_person_becomes_an_administrator(service: AuthService, auth_database: DatabaseUrls) -> None:
    person = await service.register("Ada@example.org")
    assert await run(auth_database, "ada@EXAMPLE.org") == (
        0,
        "ada@EXAMPLE.org is an administrator now. 1 of their sessions ended: they sign in again.\n",
    )
    assert not await is_live(service, person)
    admin = await service.login(person)
    assert (await service.call("GET", USERS, person=admin)).status == 200
    (entry,) = await audit_of(service, admin, "action=roles_changed")
    assert (entry["user_id"], entry["actor_id"]) == (str(person.user_id), "00000000-0000-0000-0000-000000000000")
    assert entry["details"] == {"before": "", "after": "admin"}
    again = await run(auth_database, "ada@example.org")
    assert again == (0, "ada@example.org is an administrator already: nothing changed.\n")
    assert await is_live(service, admin)


async def test_role_is_taken_back_unless_it_is_the_last(service: AuthService, auth_database: DatabaseUrls) -> None:
    for address in ("ada@example.org", "bob@example.org"):
        await service.register(address)
        assert (await run(auth_database, address))[0] == 0
    status, said = await run(auth_database, "ada@example.org", "--revoke")
    assert (status, "no administrator any more" in said) == (0, True)
    assert await run(auth_database, "--revoke", "bob@example.org") == (
        1,
        "admin: Make somebody else an administrator first.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "usage:"),
        (["a@example.org", "b@example.org"], 2, "usage:"),
        (["a@example.org", "--revoke", "--revoke"], 2, "usage:"),
        (["nobody@example.org"], 1, "Nobody has registered as nobody@example.org."),
        (["nobody"], 1, "is not an email address"),
    ],
)
async def test_what_cannot_be_done_is_said(
    auth_database: DatabaseUrls, arguments: list[str], status: int, said: str
) -> None:
    found, told = await run(auth_database, *arguments)
    assert (found, said in told) == (status, True)
    assert "Traceback" not in told


async def test_database_that_is_away_is_said() -> None:
    away = "postgresql://nobody@127.0.0.1:1/nothing"
    status, told = await run(DatabaseUrls(away, away, away, away), "ada@example.org")
    assert (status, told) == (1, "admin: The database can't be reached.\n")
