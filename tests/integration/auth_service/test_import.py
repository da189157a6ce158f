"""Accounts of other systems: imported once, signed in with the password that they had, and hashed as ours then."""

import asyncio
import io
import json
from collections import Counter
from collections.abc import Iterable

import pytest

from auth_service.service.importing import BATCH
from tests.integration.auth_service.people import HOME, STRANGER, Json, Person, Reply
from tests.integration.auth_service.world import AuthService, until_blocked
from tests.unit.auth_service.foreign_hashes import FOREIGN, OF_72_X, PASSWORD

IMPORT = "/v1/admin/users/import"


@pytest.fixture
async def admin(service: AuthService) -> Person:
    person = await service.register("admin@example.org")
    await service.admin.execute("update auth.account set roles = '{admin}' where user_id = $1", person.user_id)
    return await service.login(person)


async def send(service: AuthService, admin: Person | None, raw: bytes, media_type: str) -> Reply:
    headers = service.gateway.headers(admin, HOME) | {"Content-Type": media_type}
    async with service.public.post(IMPORT, data=io.BytesIO(raw), headers=headers) as response:
        body = await response.read()
        return Reply(response.status, json.loads(body), dict(response.headers))


async def import_lines(service: AuthService, admin: Person, rows: Iterable[Json]) -> Reply:
    raw = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    reply = await send(service, admin, raw, "application/x-ndjson")
    assert reply.status == 200, reply
    return reply


def users(number: int) -> list[Json]:
    return [{"email": f"user-{each}@example.org"} for each in range(number)]


@pytest.mark.parametrize("name", FOREIGN)
async def test_person_signs_in_with_the_password_that_they_had(service: AuthService, admin: Person, name: str) -> None:
    row = {"email": "Ada@Example.org", "email_verified": True, "password_hash": FOREIGN[name]}
    reply = await import_lines(service, admin, [row])
    assert reply.body["rows"][0]["outcome"] == "created"
    assert (await service.try_login("ada@example.org", PASSWORD + "!")).status == 401
    signed_in = await service.try_login("ada@example.org", PASSWORD)
    assert (signed_in.status, signed_in.body["user_id"]) == (200, reply.body["rows"][0]["user_id"])
    stored = await service.admin.fetchval("select password_hash from auth.account where email = 'Ada@Example.org'")
    assert stored.startswith("$2b$04$")
    assert (await service.try_login("ada@example.org", PASSWORD)).status == 200


async def test_password_longer_than_bcrypt_reads_is_right_and_whole_from_then_on(
    service: AuthService, admin: Person
) -> None:
    """A7: the other system read 72 bytes; once hashed as ours, all of the password counts."""
    await import_lines(service, admin, [{"email": "ada@example.org", "password_hash": OF_72_X}])
    assert (await service.try_login("ada@example.org", "x" * 80)).status == 200
    assert (await service.try_login("ada@example.org", "x" * 80)).status == 200
    assert (await service.try_login("ada@example.org", "x" * 79)).status == 401


async def test_every_row_is_told_what_became_of_it(service: AuthService, admin: Person) -> None:
    person = await service.register("known@example.org")
    addresses = ("new@example.org", "KNOWN@example.org", "nope", "New@Example.org")
    answer = (await import_lines(service, admin, [{"email": each} for each in addresses])).body
    assert (answer["created"], answer["duplicate"], answer["invalid"]) == (1, 2, 1)
    told = {row["row"]: row for row in answer["rows"]}
    assert [told[number]["outcome"] for number in (1, 2, 3, 4)] == ["created", "duplicate", "invalid", "duplicate"]
    assert told[2]["user_id"] == str(person.user_id)
    assert told[4]["user_id"] == told[1]["user_id"]
    assert "not an email address" in told[3]["reason"]
    assert "user_id" not in told[3]


async def reserve(service: AuthService, email: str, expires: str = "1 day") -> Person:
    """Have somebody who was changed away from the address, and may go back to it until then."""
    person = await service.register()
    await service.admin.execute(
        f"""
        insert into auth.one_time_token (token_hash, purpose, user_id, email, email_key, expires_at)
        values (sha256($2::text::bytea), 'email_undo', $1, $2, $2, now() + interval '{expires}')
        """,
        person.user_id,
        email,
    )
    return person


async def test_address_that_its_owner_may_still_take_back_is_a_duplicate(service: AuthService, admin: Person) -> None:
    """Otherwise the owner could not go back to it. The rows beside it are imported, and it is nobody's."""
    await reserve(service, "old@example.org")
    await reserve(service, "free@example.org", expires="-1 second")
    addresses = ("Old@Example.org", "free@example.org", "new@example.org")
    answer = (await import_lines(service, admin, [{"email": each} for each in addresses])).body
    assert [row["outcome"] for row in answer["rows"]] == ["duplicate", "created", "created"]
    assert "user_id" not in answer["rows"][0]
    assert not await service.admin.fetchval("select count(*) from auth.account where email_key = 'old@example.org'")
    created = {row["user_id"] for row in answer["rows"][1:]}
    assert {str(each) for each, _ in await service.events("user_registered")} >= created
    assert await service.admin.fetchval("select count(*) from auth.audit_entry where action = 'imported'") == 2


async def test_address_that_is_given_up_while_it_is_imported_is_a_duplicate(
    service: AuthService, admin: Person
) -> None:
    """A24: the import waits for who changes away from it, and finds that they may go back."""
    person = await service.register("old@example.org")
    async with service.admin.transaction():
        await service.admin.execute(
            "update auth.account set email = 'n@example.org', email_key = 'n@example.org' where user_id = $1",
            person.user_id,
        )
        importing = asyncio.ensure_future(import_lines(service, admin, [{"email": "old@example.org"}]))
        await until_blocked(service)
        await service.admin.execute(
            """
            insert into auth.one_time_token (token_hash, purpose, user_id, email, email_key, expires_at)
            values (sha256('x'), 'email_undo', $1, 'old@example.org', 'old@example.org', now() + interval '1 day')
            """,
            person.user_id,
        )
    assert (await importing).body["duplicate"] == 1


async def test_importing_again_changes_nothing(service: AuthService, admin: Person) -> None:
    first = (await import_lines(service, admin, users(3))).body
    events = len(await service.events("user_registered"))
    again = (await import_lines(service, admin, [user | {"email_verified": True} for user in users(3)])).body
    assert again["duplicate"] == 3
    assert [row["user_id"] for row in again["rows"]] == [row["user_id"] for row in first["rows"]]
    assert len(await service.events("user_registered")) == events
    assert not await service.admin.fetchval("select count(*) from auth.account where email_verified_at is not null")


async def test_an_array_is_as_good_as_lines(service: AuthService, admin: Person) -> None:
    reply = await send(service, admin, json.dumps(users(2)).encode(), "application/json")
    assert (reply.status, reply.body["created"]) == (200, 2)


async def test_what_is_stored_is_what_the_row_said_and_written_down(service: AuthService, admin: Person) -> None:
    row = {"email": "Ada@Example.org", "email_verified": True, "created_at": "2019-05-04T10:00:00Z"}
    user_id = (await import_lines(service, admin, [row])).body["rows"][0]["user_id"]
    stored = await service.admin.fetchrow(
        """
        select email, email_verified_at is not null as verified, password_hash, roles, created_at::date::text
        from auth.account where user_id = $1
        """,
        user_id,
    )
    assert stored is not None
    assert tuple(stored) == ("Ada@Example.org", True, None, [], "2019-05-04")
    assert (user_id, {}) in await service.events("user_registered")
    entry = await service.admin.fetchrow("select * from auth.audit_entry where action = 'imported'")
    assert entry is not None
    assert (str(entry["user_id"]), entry["actor_id"], entry["session_id"]) == (user_id, admin.user_id, admin.session_id)


async def test_many_rows_are_stored_in_batches(service: AuthService, admin: Person) -> None:
    answer = (await import_lines(service, admin, users(2 * BATCH + 1))).body
    assert answer["created"] == 2 * BATCH + 1
    assert [row["row"] for row in answer["rows"]] == list(range(1, 2 * BATCH + 2))
    times = await service.admin.fetch(
        "select count(*) as events from auth.event where type = 'user_registered' group by time order by time"
    )
    assert max(row["events"] for row in times) == BATCH


async def test_parallel_imports_of_the_same_make_each_account_once(
    service: AuthService, replica: AuthService, admin: Person
) -> None:
    """A24: over two replicas, one of them in another order."""
    rows = users(BATCH)
    replies = await asyncio.gather(
        *(import_lines(each, admin, order) for each in (service, replica) for order in (rows, rows[::-1], rows))
    )
    assert Counter(row["outcome"] for reply in replies for row in reply.body["rows"]) == {
        "created": BATCH,
        "duplicate": 5 * BATCH,
    }
    assert await service.admin.fetchval("select count(*) from auth.account") == BATCH + 1
    assert len(await service.events("user_registered")) == BATCH + 1


@pytest.mark.parametrize(
    ("raw", "media_type", "refused"),
    [
        pytest.param(b"[{}", "application/json", (400, "malformed_body"), id="open array"),
        pytest.param(b"{}", "text/csv", (415, "unsupported_media_type"), id="CSV"),
        pytest.param(b"{}\n" * 10_001, "application/x-ndjson", (413, "body_too_large"), id="too many rows"),
        pytest.param(b"x" * 9_000_000, "application/x-ndjson", (413, "body_too_large"), id="too many bytes"),
    ],
)
async def test_body_that_cant_be_imported_is_refused_whole(
    service: AuthService, admin: Person, raw: bytes, media_type: str, refused: tuple[int, str]
) -> None:
    reply = await send(service, admin, raw, media_type)
    assert (reply.status, reply.code) == refused
    assert await service.admin.fetchval("select count(*) from auth.account") == 1


async def test_import_is_for_administrators_with_a_fresh_session(service: AuthService, admin: Person) -> None:
    raw, media_type = b'{"email": "ada@example.org"}', "application/x-ndjson"
    person = await service.register()
    assert (await send(service, None, raw, media_type)).status == 401
    assert (await send(service, person, raw, media_type)).code == "insufficient_role"
    await service.admin.execute("update auth.session set authenticated_at = now() - interval '11 minutes'")
    assert (await send(service, admin, raw, media_type)).code == "insufficient_user_authentication"
    await service.admin.execute("update auth.session set authenticated_at = now()")
    await service.admin.execute("update auth.account set roles = '{}' where user_id <> $1", admin.user_id)
    assert (await send(service, admin, raw, media_type)).status == 200


async def test_account_without_a_password_is_nobodys_until_it_has_one(service: AuthService, admin: Person) -> None:
    """A8: and is told from an unknown one by nobody."""
    await import_lines(service, admin, [{"email": "ada@example.org"}])
    imported, nobody = [await service.try_login(f"{name}@example.org", "", STRANGER) for name in ("ada", "nobody")]
    assert imported.body | {"request_id": None} == nobody.body | {"request_id": None}
    assert imported.code == "invalid_credentials"
