"""Restores a backup's database beside whatever is there, and puts it in place by its last step.

Everything happens in a database of another name: a restore that is broken off leaves nothing that a program would take
for the product's own, and the next one begins anew.
"""

import json
from dataclasses import replace
from pathlib import Path

from deploy.backup.dump import load
from deploy.backup.errors import BackupError, Damaged
from deploy.backup.installation import Server
from deploy.backup.opened import OpenBackup
from deploy.backup.snapshot import connected, count_rows, held_blobs, schema_versions
from deploy.roles import SCHEMAS, RolePasswords, RolesSettings, set_up
from shared.db import DirectConnection
from shared.ids import uuid7
from shared.settings import Secret

_HERE = Path(__file__).parent
_SYSTEM = "00000000-0000-0000-0000-000000000000"
# Rows in any of these make a database one that somebody uses.
_USED = ("auth.account", "users.profile", "files.file")


async def check_empty(server: Server) -> None:
    """Raises BackupError where the product's database is in use, or where programs are connected to it."""
    if not await _exists(server, server.database):
        return
    async with connected(server, server.database) as connection:
        for table in _USED:
            if await connection.fetchval("select to_regclass($1)", table) is None:
                continue
            if await connection.fetchval(f"select true from {table} limit 1"):  # noqa: S608  a constant
                raise BackupError(
                    f"The database {server.database} is in use: {table} has rows. Restore into an empty installation."
                )
        others = await connection.fetchval(
            """
            select count(*) from pg_stat_activity
            where datname = $1 and pid <> pg_backend_pid() and backend_type = 'client backend'
            """,
            server.database,
        )
        if others:
            raise BackupError(f"Programs are connected to the database {server.database}: stop them first.")


async def restore_database(backup: OpenBackup, server: Server, secrets: dict[str, bytes], *, keep: bool) -> None:
    """Call `check_empty` before. With `keep`, sessions and keys stay valid. Raises BackupError."""
    staging = replace(server, database=f"{server.database}_restoring")
    await load_database(backup, staging, secrets)
    await adjust(staging, backup.manifest.made_at, keep=keep)
    async with connected(server, "postgres") as connection:
        await connection.execute(f'drop database if exists "{server.database}"')
        await connection.execute(f'alter database "{staging.database}" rename to "{server.database}"')


async def load_database(backup: OpenBackup, server: Server, secrets: dict[str, bytes]) -> None:
    """Make that database from the dump, in place of one of that name. Raises BackupError, or Damaged."""
    async with connected(server, "postgres") as connection:
        await connection.execute(f'drop database if exists "{server.database}"')
    passwords = {schema: _passwords(secrets, schema) for schema in SCHEMAS.values()}
    await set_up(RolesSettings(server.admin_url, server.database, passwords))
    async with connected(server, server.database) as connection:
        await connection.execute(f"drop schema {', '.join(SCHEMAS.values())}")  # the dump has them, rights and all
    await load(server, server.database, backup.database())
    async with connected(server, server.database) as connection:
        await _compare(connection, backup)


def _passwords(secrets: dict[str, bytes], schema: str) -> RolePasswords:
    """Raises BackupError where the roles' passwords aren't among the secrets by the names that we give them."""
    names = (f"{schema}_owner", f"{schema}_runtime")
    if missing := [name for name in names if name not in secrets]:
        raise BackupError(f"The backup's secrets lack {missing[0]}, the password of that role.")
    owner, runtime = (Secret(secrets[name].decode().strip()) for name in names)
    return RolePasswords(owner, runtime)


async def _compare(connection: DirectConnection, backup: OpenBackup) -> None:
    """Raises Damaged unless versions, rows and blobs are those that the backup lists."""
    if await schema_versions(connection) != backup.manifest.schemas:
        raise Damaged("The restored schemas have other versions than the manifest says.")
    found = await count_rows(connection)
    if wrong := [name for name, rows in backup.manifest.tables.items() if found.get(name) != rows]:
        raise Damaged(f"The restored table {wrong[0]} hasn't as many rows as the manifest says.")
    await _compare_blobs(connection, backup)


async def _compare_blobs(connection: DirectConnection, backup: OpenBackup) -> None:
    """Go through both lists at once: they have one order, and may be long."""
    listed = backup.blobs()
    async with connection.transaction():
        async for blob in held_blobs(connection):
            if next(listed, None) != blob:
                raise Damaged("The restored database names other files than the backup lists.")
    if next(listed, None) is not None:
        raise Damaged("The backup lists more files than the restored database names.")


async def adjust(server: Server, made_at: str, *, keep: bool) -> None:
    """Make a database fit to be gone on with, as the SQL says why; with `keep`, what was issued stays good."""
    async with connected(server, server.database) as connection:
        async with connection.transaction():
            await connection.execute((_HERE / "after_restore.sql").read_text(encoding="utf-8"))
            if not keep:
                await connection.execute((_HERE / "end_credentials.sql").read_text(encoding="utf-8"))
            await connection.execute(
                """
                insert into auth.audit_entry (audit_entry_id, action, actor_id, address_prefix, user_agent, details)
                values ($1, 'restored', $2, '', '', $3)
                """,
                uuid7(),
                _SYSTEM,
                json.dumps({"made_at": made_at, "sessions": "kept" if keep else "ended"}),
            )
        await connection.execute("analyze")


async def _exists(server: Server, database: str) -> bool:
    async with connected(server, "postgres") as connection:
        return bool(await connection.fetchval("select true from pg_database where datname = $1", database))
