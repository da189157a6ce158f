"""Create the product's database, and each service's roles and schema in it. Running it again changes nothing.

`python -m deploy.roles` does it on any PostgreSQL; the embedded stack calls `set_up` itself.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import asyncpg

from shared.db import DirectConnection, connect
from shared.settings import Env, Secret, load

SCHEMAS = {"auth_service": "auth", "user_service": "users", "file_service": "files"}
DATABASE = "colonnade"
_SQL = Path(__file__).with_name("roles.sql")


@dataclass(frozen=True, slots=True)
class RolePasswords:
    owner: Secret
    runtime: Secret


@dataclass(frozen=True, slots=True)
class RolesSettings:
    """`admin_url` is a superuser's, to any database of the server; the passwords are by schema."""

    admin_url: Secret
    database: str
    passwords: Mapping[str, RolePasswords]

    @classmethod
    def from_env(cls, env: Env) -> Self:
        admin_url = env.secret("DATABASE_ADMIN_URL")
        if host := urlsplit(admin_url.reveal()).hostname:  # else a Unix socket of this machine
            env.refuse_weak_secrets(f"postgresql://{host}")
        return cls(
            admin_url=admin_url,
            database=env.text("DATABASE_NAME", DATABASE),
            passwords={
                schema: RolePasswords(
                    env.secret(f"{schema.upper()}_OWNER_PASSWORD"), env.secret(f"{schema.upper()}_RUNTIME_PASSWORD")
                )
                for schema in SCHEMAS.values()
            },
        )


async def set_up(settings: RolesSettings) -> None:
    await _create_database(settings)
    connection = await connect(settings.admin_url, database=settings.database, timeout=10)
    try:
        for schema, passwords in settings.passwords.items():
            await _set_up_schema(connection, schema, passwords)
    finally:
        await connection.close()


async def _create_database(settings: RolesSettings) -> None:
    connection = await connect(settings.admin_url, timeout=10)
    try:
        if not await connection.fetchval("select true from pg_database where datname = $1", settings.database):
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):  # another set-up was faster
                await connection.execute(f"create database {_quoted(settings.database)}")
    finally:
        await connection.close()


async def _set_up_schema(connection: DirectConnection, schema: str, passwords: RolePasswords) -> None:
    values = {
        "schema": schema,
        "owner_password": passwords.owner.reveal(),
        "runtime_password": passwords.runtime.reveal(),
    }
    async with connection.transaction():
        for name, value in values.items():
            await connection.execute("select set_config($1, $2, true)", f"colonnade.{name}", value)
        await connection.execute(_SQL.read_text(encoding="utf-8"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def main() -> int:
    asyncio.run(set_up(load(RolesSettings)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
