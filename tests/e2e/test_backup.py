"""A backup that is made under continuous writes, and a stack that is restored from it.

What takes longer is in tests/backup, behind `make test-backup`.
"""

import hashlib
import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.backup_drill import Drill, ask, backups, drill, visiting
from tests.e2e.stack import Stack, command, state_folder
from tests.e2e.visitor import PASSWORD, Visitor
from tests.waiting import eventually

EPOCHS = """
    select (select epoch from auth.event_epoch) as owner,
        (select epoch from users.event_cursor) as users, (select epoch from files.event_cursor) as files
"""


# Who may do what with each thing, and whose it is.
RIGHTS = """
    with grants as (
        select 'table ' || c.oid::regclass as thing, c.relowner as owner, c.relacl as acl from pg_class c
        where c.relnamespace::regnamespace::text in ('auth', 'users', 'files') and c.relkind in ('r', 'S', 'i')
        union all select 'function ' || p.oid::regprocedure, p.proowner, p.proacl from pg_proc p
        where p.pronamespace::regnamespace::text in ('auth', 'users', 'files')
        union all select 'schema ' || nspname, nspowner, nspacl from pg_namespace
        union all select 'database', datdba, datacl from pg_database where datname = current_database()
        union all select 'default ' || defaclnamespace::regnamespace || defaclobjtype::text, defaclrole, defaclacl
        from pg_default_acl
    )
    select thing, owner::regrole::text, (select array_agg(each::text order by each::text) from unnest(acl) as each)
    from grants where thing not like 'schema pg_%' order by thing
"""


@pytest.fixture(scope="module")
async def drilled(stack: Stack) -> AsyncIterator[Drill]:
    with state_folder("folder") as folder:
        folder.mkdir(mode=0o711)
        async with drill(stack, folder, "backup") as drilled:
            yield drilled


@pytest.fixture
async def ada(drilled: Drill) -> AsyncIterator[Visitor]:
    async with visiting(drilled.ada, drilled.restored) as ada:
        yield ada


async def test_everything_acknowledged_before_the_backup_is_restored(drilled: Drill) -> None:
    """Signed in by the old passwords: profiles, files and their bytes are there, and what was deleted is not."""
    for person in drilled.people:
        before, after = person.before, person.writer.history
        async with visiting(person.writer.visitor, drilled.restored) as visitor:
            profile = (await visitor.call("GET", "/v1/users/me")).json()
            assert before.acknowledged <= int(profile["bio"]) <= after.attempted
            for file_id, digest in before.files.items():
                content = await visitor.call("GET", f"/v1/files/{file_id}/content")
                if file_id in before.deleted:
                    assert content.status == 404
                elif file_id not in after.deleted | after.in_doubt:
                    assert hashlib.sha256(content.body).hexdigest() == digest
        assert before.files
        assert before.deleted


async def test_each_restored_owner_has_the_bytes_that_files_and_blobs_say(drilled: Drill) -> None:
    """Quota sums, and every blob that somebody holds lies in the storage as it was uploaded."""
    wrong = await ask(
        drilled.restored.state,
        """
        select owner_id from files.owner o where bytes <> (
            select coalesce(sum(size), 0) from files.file f where f.owner_id = o.owner_id
        )
        """,
    )
    assert not wrong
    held = await ask(
        drilled.restored.state, "select storage_key, size, sha256 from files.blob where holder_id is not null"
    )
    assert held
    for blob in held:
        content = (drilled.restored.state / "files" / "blobs" / blob[0][:2] / blob[0]).read_bytes()
        assert (len(content), hashlib.sha256(content).digest()) == (blob["size"], blob["sha256"])


def test_the_scrubber_finds_nothing_in_what_was_restored(drilled: Drill) -> None:
    done = command("scrub", drilled.restored.state)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_everybody_may_do_what_they_might_before(drilled: Drill) -> None:
    before, after = [[tuple(row) for row in await ask(state, RIGHTS)] for state in drilled.states]
    assert len(before) > 100
    assert after == before


async def test_those_who_follow_the_events_have_begun_anew(drilled: Drill) -> None:
    (before,) = await ask(drilled.source.state, EPOCHS)

    async def resynced() -> bool:
        (now,) = await ask(drilled.restored.state, EPOCHS)
        return bool(now["owner"] != before["owner"] and now["owner"] == now["users"] == now["files"])

    assert await eventually(resynced)


async def test_an_account_deleted_after_the_restore_loses_its_files(drilled: Drill, unique: str) -> None:
    """The feed is followed again: from auth_service to file_service and to the gateway."""
    async with Visitor.at(drilled.restored.url) as visitor:
        await visitor.register(f"leaving-{unique}@example.org")
        await visitor.upload(b"gone soon")
        deleted = await visitor.call("POST", "/v1/auth/account/deletion", json={"password": PASSWORD})
        assert deleted.status == 204

        async def gone() -> bool:
            rows = await ask(
                drilled.restored.state,
                f"select deleted_at from files.owner where owner_id = '{visitor.user_id}'",
            )
            return rows[0]["deleted_at"] is not None

        assert await eventually(gone)

        async def refused() -> bool:
            return (await visitor.call("GET", "/v1/users/me")).status == 401

        assert await eventually(refused)


async def test_what_was_issued_before_is_over(drilled: Drill) -> None:
    """Revoked after the backup or not: no access token, refresh token or API key of before is good again."""
    async with Visitor.at(drilled.restored.url) as thief:
        thief.tokens = dict(drilled.ada.tokens)
        assert (await thief.call("GET", "/v1/users/me")).status == 401
        refused = await thief.call("POST", "/v1/auth/refresh", json={"refresh_token": thief.tokens["refresh_token"]})
        assert (refused.status, refused.json()["reason"]) == (401, "restored")
        by_key = await thief.call("GET", "/v1/users/me", headers={"Authorization": f"Bearer {drilled.key}"})
        assert by_key.status == 401
    assert (await drilled.ada.call("GET", "/v1/users/me")).status == 200  # where it came from, all goes on


async def test_the_owner_sees_which_keys_to_make_anew_and_why_sessions_ended(ada: Visitor) -> None:
    (key,) = (await ada.call("GET", "/v1/auth/api-keys")).json()["items"]
    assert datetime.fromisoformat(key["expires_at"]) <= datetime.now(UTC)
    ended = (await ada.call("GET", "/v1/auth/sessions", params={"ended": "true"})).json()["items"]
    assert {each["end_reason"] for each in ended} == {"restored"}


async def test_mails_that_waited_are_not_sent_again(drilled: Drill) -> None:
    (entry,) = await ask(drilled.restored.state, "select at, details from auth.audit_entry where action = 'restored'")
    jobs = await ask(drilled.restored.state, "select created_at from auth.job")
    assert not [job for job in jobs if job["created_at"] < entry["at"]]
    assert json.loads(entry["details"])["sessions"] == "ended"


def test_the_next_backup_copies_what_is_new_alone(drilled: Drill) -> None:
    blobs = len(list(drilled.to.glob("blobs/*/*")))
    done = backups("backup", drilled.source.state, str(drilled.to))
    assert done.returncode == 0
    assert f"({len(list(drilled.to.glob('blobs/*/*'))) - blobs} of them new" in done.stdout
    kept = backups("prune-backups", drilled.source.state, str(drilled.to), "1")
    assert (kept.returncode, kept.stdout.startswith("Removed 1 backup and ")) == (0, True)
    assert "colonnade_backup_last_success_timestamp_seconds" in (drilled.to / "backup.prom").read_text()
    whole = backups("verify-backup", drilled.source.state, str(drilled.to))
    assert whole.returncode == 0, whole.stderr
    assert "is whole" in whole.stdout


def test_damage_is_told_by_name_and_by_a_status_of_its_own(drilled: Drill, tmp_path: Path) -> None:
    copy = shutil.copytree(drilled.to, tmp_path / "copy")
    missing, changed, *_ = sorted(copy.glob("blobs/*/*"))
    missing.unlink()
    content = bytearray(changed.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    done = backups("verify-backup", drilled.source.state, str(copy))
    assert done.returncode == 3
    assert f"{missing} is missing" in done.stderr
    assert f"{changed} was changed" in done.stderr


@pytest.mark.parametrize(
    ("passphrase", "status", "said"),
    [("another one than it was", 1, "The passphrase doesn't open"), ("", 2, "BACKUP_PASSPHRASE is not set")],
)
def test_without_the_passphrase_nothing_opens(drilled: Drill, passphrase: str, status: int, said: str) -> None:
    done = command("verify-backup", drilled.source.state, str(drilled.to), BACKUP_PASSPHRASE=passphrase)
    assert done.returncode == status
    assert said in done.stderr


def test_restore_spares_an_installation_that_is_there(drilled: Drill) -> None:
    done = backups("restore", drilled.source.state, str(drilled.to))
    assert done.returncode == 1
    assert "already runs" in done.stderr


def test_doctor_tells_of_the_last_backup(drilled: Drill) -> None:
    done = command("doctor", drilled.source.state)
    assert "ok    backup: " in done.stdout
