"""What is changed in a restored database before anybody connects to it."""

import json
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from deploy.backup.database import adjust, check_empty
from deploy.backup.errors import BackupError
from deploy.backup.installation import Server
from deploy.roles import SCHEMAS, RolePasswords, RolesSettings, set_up
from shared.db import DirectConnection
from shared.migrate import migrate
from shared.settings import Secret
from tests.stores import ROOT, StoreUrls

MADE_AT = "2026-11-25T02:15:00+00:00"
ADA, SESSION, KEY = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b", "key"
SEED = f"""
    insert into auth.account (user_id, email, email_key) values ('{ADA}', 'ada@example.org', 'ada@example.org');
    insert into auth.session (session_id, user_id, secret_hash, user_agent, address_prefix, amr)
    values ('{SESSION}', '{ADA}', sha256('secret'), '', '', '{{pwd}}');
    insert into auth.api_key (api_key_id, user_id, secret_hash, hint, name, scopes)
    values ('{SESSION}', '{ADA}', sha256('key'), 'colk', 'robot', '{{full}}');
    insert into auth.signing_key (kid, public_jwk, private_key) values ('{KEY}', '{{}}', 'sealed');
    insert into auth.job (job_id, kind, payload, lease, due_at, failed_at) values
        (gen_random_uuid(), 'mail', 'm', null, now(), null),
        (gen_random_uuid(), 'mail_request', 'm', null, now(), null),
        (gen_random_uuid(), 'registration', 'r', gen_random_uuid(), now() + interval '1 hour', null),
        (gen_random_uuid(), 'mail', 'failed', null, now(), now());
    insert into auth.pending_sign_in (token_hash, user_id, methods, proved_mark, kind, address_prefix, expires_at)
    values (sha256('t'), '{ADA}', '{{pwd}}', 'mark', 'token', '', now() + interval '10 minutes');
    insert into auth.federated_flow (token_hash, sealed, expires_at)
    values (sha256('f'), 's', now() + interval '1 hour');
    insert into auth.one_time_token (token_hash, purpose, user_id, email, email_key, expires_at)
    select sha256(purpose::bytea), purpose, '{ADA}', 'a', 'a', now() + interval '1 hour'
    from unnest(array['verify', 'reset', 'sign_in_code', 'sign_in_link', 'email_change', 'email_undo']) as purpose;
    insert into auth.totp (user_id, secret, confirmed_at, last_used_step) values ('{ADA}', 's', now(), 1);
    insert into files.collection_hold (holder, until) values ('backup', now() + interval '10 minutes');
"""
_numbers = count(1)


@pytest.fixture
async def server(stores: StoreUrls) -> AsyncIterator[Server]:
    """A database with all schemas of ours, as a restore finds it."""
    name, passwords = (
        f"restored_{next(_numbers)}",
        RolePasswords(Secret("guards-nothing-but-tests"), Secret("guards-nothing-but-tests")),
    )
    await set_up(RolesSettings(Secret(stores.postgres), name, dict.fromkeys(SCHEMAS.values(), passwords)))
    parts = urlsplit(stores.postgres)
    for service, schema in SCHEMAS.items():
        url = parts._replace(netloc=f"{schema}_owner:guards-nothing-but-tests@", path=f"/{name}").geturl()
        await migrate(url, schema, ROOT / service / "migrations")
    yield Server(Secret(stores.postgres), name, Path)
    admin = await asyncpg.connect(stores.postgres)
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@pytest.fixture
async def database(server: Server) -> AsyncIterator[DirectConnection]:
    connection = await asyncpg.connect(server.admin_url.reveal(), database=server.database)
    await connection.execute(SEED)
    yield connection
    await connection.close()


async def column(database: DirectConnection, sql: str) -> list[Any]:
    return [row[0] for row in await database.fetch(sql)]


async def test_another_history_of_events_begins(server: Server, database: DirectConnection) -> None:
    before = await database.fetchval("select epoch from auth.event_epoch")
    await adjust(server, MADE_AT, keep=True)
    assert await column(database, "select epoch from auth.event_epoch") != [before]


async def test_mails_that_waited_go_and_other_work_is_anybodys_again(
    server: Server, database: DirectConnection
) -> None:
    await adjust(server, MADE_AT, keep=True)
    left = await database.fetch("select kind, lease, due_at <= now() as due, failed_at from auth.job order by kind")
    assert [(job["kind"], job["lease"], job["due"], bool(job["failed_at"])) for job in left] == [
        ("mail", None, True, True),
        ("registration", None, True, False),
    ]


async def test_steps_of_sign_ins_and_mailed_links_go_but_for_what_undoes_a_change(
    server: Server, database: DirectConnection
) -> None:
    await adjust(server, MADE_AT, keep=True)
    assert await column(database, "select purpose from auth.one_time_token") == ["email_undo"]
    for table in ("auth.pending_sign_in", "auth.federated_flow", "files.collection_hold"):
        assert not await database.fetch(f"select from {table}")


async def test_no_code_of_an_authenticator_that_may_have_been_used_is_good(
    server: Server, database: DirectConnection
) -> None:
    await adjust(server, MADE_AT, keep=True)
    newest = await database.fetchval("select extract(epoch from now())::bigint / 30 from auth.totp")
    assert await database.fetchval("select last_used_step from auth.totp") >= newest


async def test_what_was_issued_is_ended(server: Server, database: DirectConnection) -> None:
    await adjust(server, MADE_AT, keep=False)
    assert await column(database, "select revoked_reason from auth.session") == ["restored"]
    assert await column(database, "select expires_at <= now() from auth.api_key") == [True]
    assert not await database.fetch("select from auth.signing_key")


async def test_what_was_issued_stays_good_where_that_was_asked_for(server: Server, database: DirectConnection) -> None:
    await adjust(server, MADE_AT, keep=True)
    assert await column(database, "select revoked_at from auth.session") == [None]
    assert await column(database, "select expires_at from auth.api_key") == [None]
    assert await column(database, "select kid from auth.signing_key") == [KEY]


@pytest.mark.parametrize("sessions", ["ended", "kept"])
async def test_the_audit_log_tells_of_it(server: Server, database: DirectConnection, sessions: str) -> None:
    await adjust(server, MADE_AT, keep=sessions == "kept")
    (details,) = await column(database, "select details from auth.audit_entry where action = 'restored'")
    assert json.loads(details) == {"made_at": MADE_AT, "sessions": sessions}


async def test_a_database_that_somebody_uses_is_spared(server: Server, database: DirectConnection) -> None:
    with pytest.raises(BackupError, match=r"auth\.account has rows"):
        await check_empty(server)


async def test_a_database_that_nobody_has_used_yet_may_be_replaced_once_nobody_is_connected(server: Server) -> None:
    await check_empty(server)
    connection = await asyncpg.connect(server.admin_url.reveal(), database=server.database)
    with pytest.raises(BackupError, match="Programs are connected"):
        await check_empty(server)
    await connection.close()


LINKS = f"""
    insert into files.owner (owner_id, bytes) values ('{ADA}', 0);
    insert into files.file (file_id, owner_id, name, size, content_type, sha256)
    values ('{ADA}', '{ADA}', 'a.txt', 0, 'text/plain', sha256(''));
    insert into files.share (share_id, file_id, token_digest, inline, once, expires_at)
    select gen_random_uuid(), '{ADA}', sha256(once::text::bytea), false, once, now() + interval '1 day'
    from unnest(array[true, false]) as once;
"""


async def test_a_link_that_is_good_once_ends_and_others_stay(server: Server, database: DirectConnection) -> None:
    await database.execute(LINKS)
    await adjust(server, MADE_AT, keep=False)
    assert await column(database, "select once from files.share where expires_at > now()") == [False]


UPLOADS = f"""
    insert into files.owner (owner_id, bytes) values ('{ADA}', 0);
    insert into files.upload (
        upload_id, token_hash, owner_id, name, declared_type, purpose, metadata, kind, state, expires_at
    )
    select gen_random_uuid(), sha256((state || hours)::bytea), '{ADA}', state || hours, '', 'file', '', 'whole', state,
        now() + make_interval(hours => hours)
    from (values ('open', -50), ('open', 40), ('gone', -49)) as known (state, hours);
"""


async def test_whoever_sends_an_upload_gets_a_day_to_go_on(server: Server, database: DirectConnection) -> None:
    await database.execute(UPLOADS)
    await adjust(server, MADE_AT, keep=False)
    left = "select round(extract(epoch from expires_at - now()) / 3600) from files.upload order by expires_at"
    assert await column(database, left) == [-49, 24, 40]
