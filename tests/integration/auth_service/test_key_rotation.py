import asyncio
import base64
import signal
from contextlib import AsyncExitStack
from datetime import timedelta

import asyncpg
import jwt
import pytest
from prometheus_client import REGISTRY

from auth_service import app
from auth_service.commands.rotate_keys import rotate_keys
from auth_service.domain.signing_keys import LEAD, TOKENS_LIVE
from auth_service.repository.resealing import SEALED
from auth_service.repository.retention import PURGES
from auth_service.sealing import Sealer, WrongSealingKey
from shared.errors import Unavailable
from shared.purge import purge
from shared.settings import Secret
from tests.integration.auth_service.people import Gateway
from tests.integration.auth_service.test_program import start
from tests.integration.auth_service.test_signing_keys import JWKS
from tests.integration.auth_service.world import AuthService, environment, running, until_blocked
from tests.stores import DatabaseUrls
from tests.waiting import eventually

EVERY = timedelta(days=30)
NEW_KEY, OLD_KEY = (base64.urlsafe_b64encode(byte * 32).decode() for byte in (b"n", b"k"))


@pytest.fixture
def sealing_anew_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program lets everything else start first, for as long as a test may wait."""
    monkeypatch.setattr(app, "AFTER", 0.0)


async def published(service: AuthService) -> set[str]:
    return {key["kid"] for key in (await service.call("GET", JWKS)).body["keys"]}


async def signer(service: AuthService) -> str:
    """Return which key a token is signed with that is issued now."""
    kid: str = jwt.get_unverified_header((await service.register()).tokens["access_token"])["kid"]
    return kid


async def age(service: AuthService, interval: timedelta) -> None:
    """Let time pass for all keys, since the database's clock can't be set."""
    await service.admin.execute(
        """
        update auth.signing_key
        set signs_from = signs_from - $1::interval, verifies_until = verifies_until - $1::interval
        """,
        interval,
    )
    await service.key_ring.refresh()


async def actions(service: AuthService) -> list[str]:
    rows = await service.admin.fetch("select action from auth.audit_entry order by audit_entry_id")
    return [row["action"] for row in rows if row["action"].startswith("signing_key")]


async def test_key_rotates_by_itself_from_its_making_to_its_end(service: AuthService) -> None:
    """A25: published, then signing, the old one published until its tokens are over, and its row gone a day after."""
    old = await signer(service)
    await age(service, EVERY - LEAD)
    [new] = await published(service) - {old}
    assert await signer(service) == old
    await age(service, LEAD)
    assert await signer(service) == new
    assert await published(service) == {old, new}
    await age(service, TOKENS_LIVE)
    assert await published(service) == {new}
    assert await actions(service) == ["signing_key_created", "signing_key_created", "signing_key_retired"]
    await age(service, timedelta(days=1))
    await purge(service.key_ring._database, PURGES)
    assert [row["kid"] for row in await service.admin.fetch("select kid from auth.signing_key")] == [new]


async def test_key_changes_at_the_moment_of_its_row_without_being_read_again(service: AuthService) -> None:
    old = await signer(service)
    rotation = service.key_ring._rotation
    change = await rotation.replace_all(timedelta(seconds=0.4))
    await service.key_ring.refresh()
    assert (await service.key_ring.signing_key()).kid == old
    assert await published(service) == {old, change.kid}

    async def has_changed() -> bool:
        return (await service.key_ring.signing_key()).kid == change.kid

    await eventually(has_changed)
    assert await published(service) == {change.kid}


async def test_many_replicas_make_one_key_when_it_is_due(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(running(auth_database, gateway)) for _ in range(4)]
        await signer(service)
        await service.admin.execute("update auth.signing_key set signs_from = signs_from - $1::interval", EVERY)
        await asyncio.gather(*(replica.key_ring.refresh() for replica in replicas for _ in range(3)))
        assert await service.admin.fetchval("select count(*) from auth.signing_key") == 2
        sets = await asyncio.gather(*(published(replica) for replica in replicas))
        assert all(each == sets[0] for each in sets)


async def test_crash_in_the_midst_of_a_change_leaves_nothing_half_made(service: AuthService) -> None:
    """The connection is lost before the commit: the key isn't there, and the next look makes it."""
    await signer(service)
    await service.admin.execute("update auth.signing_key set signs_from = signs_from - $1::interval", EVERY)
    async with service.admin.transaction():
        await service.admin.execute("select pg_advisory_xact_lock(hashtext('auth.event'))")  # the last step waits
        attempt = asyncio.create_task(service.key_ring.refresh())
        await until_blocked(service)
        await service.admin.execute("select pg_terminate_backend(pid) from pg_locks where not granted")
        with pytest.raises(Unavailable):
            await attempt
        assert await service.admin.fetchval("select count(*) from auth.signing_key") == 1
        assert await actions(service) == ["signing_key_created"]
    await service.key_ring.refresh()
    assert await service.admin.fetchval("select count(*) from auth.signing_key") == 2


async def test_nothing_is_signed_by_a_view_that_is_a_minute_old(service: AuthService) -> None:
    """A replica that couldn't read for long doesn't know what was withdrawn."""
    await signer(service)
    change = await service.key_ring._rotation.replace_all(timedelta())
    service.key_ring._read -= 61
    assert await signer(service) == change.kid


async def run_command(urls: DatabaseUrls, gateway: Gateway, *arguments: str) -> tuple[int | None, str]:
    process = await start(environment(urls, gateway), "rotate-keys", *arguments)
    output, errors = await process.communicate()
    return process.returncode, (output + errors).decode()


async def test_operator_makes_the_next_key_early_and_only_once(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    old = await signer(service)
    status, said = await run_command(auth_database, gateway)
    assert (status, "signs from" in said) == (0, True)
    status, said = await run_command(auth_database, gateway)
    assert (status, "waits for its time" in said) == (0, True)
    await service.key_ring.refresh()
    assert len(await published(service)) == 2
    assert await signer(service) == old


async def test_stolen_key_is_replaced_at_once_and_nobody_is_signed_out(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    """A25, in an emergency: the stolen key isn't published any more, and refreshing gives tokens of the new one."""
    person = await service.register()
    old = jwt.get_unverified_header(person.tokens["access_token"])["kid"]
    status, said = await run_command(auth_database, gateway, "--now", "--after", "0.5")
    assert (status, "1 keys are withdrawn" in said) == (0, True), said
    await service.key_ring.refresh()
    assert old not in await published(service)
    refreshed = await service.refresh(person.refresh_token)
    assert refreshed.status == 200
    assert jwt.get_unverified_header(refreshed.body["access_token"])["kid"] in await published(service)
    assert [subject for subject, _ in await service.events("signing_key_withdrawn")] == [old]
    assert await actions(service) == ["signing_key_created", "signing_key_withdrawn", "signing_key_created"]


async def test_withdrawal_that_is_killed_halfway_still_ends_the_stolen_key(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    old = await signer(service)
    process = await start(environment(auth_database, gateway), "rotate-keys", "--now", "--after", "1")
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while b"signs from" not in await process.stdout.readline():
            pass
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    await service.key_ring.refresh()

    async def is_gone() -> bool:
        return old not in await published(service)

    await eventually(is_gone)
    assert await signer(service) != old


async def test_command_says_that_the_database_is_away(auth_database: DatabaseUrls, gateway: Gateway) -> None:
    process = await start(
        environment(auth_database, gateway) | {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}, "rotate-keys", "--now"
    )
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"can't be reached" in errors
    with pytest.raises(SystemExit):
        rotate_keys(["--never"])


@pytest.mark.parametrize("arguments", [(), ("--now",)], ids=["in order", "at once"])
async def test_command_makes_no_key_that_auth_service_couldnt_open(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService, arguments: tuple[str, ...]
) -> None:
    old = await signer(service)
    environ = environment(auth_database, gateway) | {"KEY_ENCRYPTION_KEY": NEW_KEY}
    process = await start(environ, "rotate-keys", *arguments)
    _, errors = await process.communicate()
    assert (process.returncode, b"KEY_ENCRYPTION_KEY" in errors) == (1, True)
    await service.key_ring.refresh()
    assert await published(service) == {old}


async def test_replica_with_another_encryption_key_makes_no_key_when_one_is_due(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    await signer(service)
    async with running(auth_database, gateway, KEY_ENCRYPTION_KEY=NEW_KEY) as other:
        await service.admin.execute("update auth.signing_key set signs_from = signs_from - $1::interval", EVERY)
        await other.key_ring._rotation.advance()
        await service.key_ring.refresh()
        assert len(await published(service)) == 2
        for sealed in await service.admin.fetch("select kid, private_key from auth.signing_key"):
            assert opens(OLD_KEY, sealed["private_key"], sealed["kid"])


@pytest.mark.usefixtures("sealing_anew_at_once")
async def test_changed_encryption_key_opens_what_the_old_one_sealed_and_seals_it_anew(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    """KEY_ENCRYPTION_KEY: both, the new one first; then the new one alone."""
    old, person = await signer(service), await service.register()
    sealed = Sealer(Secret(OLD_KEY)).seal(b"a factor's secret", f"totp {person.user_id}")
    await service.admin.execute("insert into auth.totp (user_id, secret) values ($1, $2)", person.user_id, sealed)
    async with running(auth_database, gateway, KEY_ENCRYPTION_KEY=f"{NEW_KEY},{OLD_KEY}") as both:
        assert await signer(both) == old

        async def are_sealed_anew() -> bool:
            key = await service.admin.fetchval("select private_key from auth.signing_key")
            secret = await service.admin.fetchval("select secret from auth.totp")
            return opens(NEW_KEY, key, old) and opens(NEW_KEY, secret, f"totp {person.user_id}")

        await eventually(are_sealed_anew)
    async with running(auth_database, gateway, KEY_ENCRYPTION_KEY=NEW_KEY) as later:
        assert await signer(later) == old


MANY = """
    insert into auth.account (user_id, email, email_key, language)
    select gen_random_uuid(), n, n, 'en' from generate_series(1, 3000) n;
    insert into auth.totp (user_id, secret) select user_id, 'x' from auth.account;
    insert into auth.job (job_id, kind, payload) select gen_random_uuid(), 'x', 'x' from auth.account;
    insert into auth.signing_key (kid, public_jwk, private_key) select user_id::text, '{}', 'x' from auth.account;
    analyze auth.totp, auth.job, auth.signing_key;
"""


async def test_pages_and_rows_are_found_in_the_index_when_all_is_sealed_anew(auth_database: DatabaseUrls) -> None:
    connection = await asyncpg.connect(auth_database.admin)
    try:
        await connection.execute(f"{MANY} set plan_cache_mode = force_generic_plan")
        for column in SEALED:
            key = await connection.fetchval(f"select {column.key}::text from {column.table} limit 1")
            arguments = {column.select_page: f"'{key}', 500", column.replace: f"'{key}', 'x', 'y'"}
            for statement, values in arguments.items():
                await connection.execute(f"prepare asked as {statement}")
                rows = await connection.fetch(f"explain execute asked ({values})")
                await connection.execute("deallocate asked")
                plan = "\n".join(row[0] for row in rows)
                assert f"Index Cond: ({column.key} " in plan, plan
                assert "Sort" not in plan, plan
    finally:
        await connection.close()


def opens(key: str, sealed: bytes, label: str) -> bool:
    try:
        return bool(Sealer(Secret(key)).open(sealed, label))
    except WrongSealingKey:
        return False


@pytest.mark.usefixtures("sealing_anew_at_once")
async def test_what_no_key_opens_is_counted_and_left_as_it_is(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    person = await service.register()
    await service.admin.execute("insert into auth.totp (user_id, secret) values ($1, $2)", person.user_id, b"x" * 40)
    async with running(auth_database, gateway, KEY_ENCRYPTION_KEY=f"{NEW_KEY},{OLD_KEY}"):

        async def is_counted() -> bool:
            return REGISTRY.get_sample_value("auth_secrets_unreadable") == 1

        await eventually(is_counted)
    assert await service.admin.fetchval("select secret from auth.totp") == b"x" * 40
