"""An empty copy of the schemas to try migrations on, as a database of its own that is dropped afterwards.

It may be on the server that serves: nothing there is changed but that it has one more small database for a few seconds,
and from then on our roles, where it lacked them.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.roles import SCHEMAS
from shared.db import DirectConnection, connect
from shared.settings import Secret

_PATIENCE = 10.0  # seconds for a connection

# Roles belong to the whole server: those of an installation there are taken as they are, with their passwords.
_ROLE = """
do $$ begin
    if not exists (select from pg_roles where rolname = '{role}') then create role {role} nologin; end if;
end $$
"""
_SCHEMA = """
create schema {schema} authorization {schema}_owner;
grant usage on schema {schema} to {schema}_runtime;
alter default privileges for role {schema}_owner in schema {schema}
    grant select, insert, update, delete on tables to {schema}_runtime;
alter default privileges for role {schema}_owner in schema {schema} grant usage, select on sequences to {schema}_runtime
"""


class Scratch:
    """A database with all schemas, and nothing in them."""

    def __init__(self, admin_url: str, name: str) -> None:
        self._admin_url = admin_url
        self._name = name

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[DirectConnection]:
        """Lend a connection of the superuser's."""
        async with connected(self._admin_url, self._name) as connection:
            yield connection

    @asynccontextmanager
    async def owner(self, schema: str) -> AsyncIterator[DirectConnection]:
        """Lend a connection with the rights that migrations of that schema have."""
        async with self.connection() as connection:
            await connection.execute(f"set role {schema}_owner")
            yield connection


@asynccontextmanager
async def scratch(admin_url: str) -> AsyncIterator[Scratch]:
    """`admin_url` is a superuser's, to any database of the server."""
    name = f"colonnade_plan_{secrets.token_hex(4)}"
    async with connected(admin_url) as server:
        await server.execute(f"create database {name} template template0")
        try:
            made = Scratch(admin_url, name)
            async with made.connection() as connection:
                await _fill(connection)
            yield made
        finally:
            await server.execute(f"drop database {name} with (force)")


async def _fill(connection: DirectConnection) -> None:
    await connection.execute("create extension pg_trgm with schema public")
    for schema in SCHEMAS.values():
        for role in (f"{schema}_owner", f"{schema}_runtime"):
            await connection.execute(_ROLE.format(role=role))
        await connection.execute(_SCHEMA.format(schema=schema))


@asynccontextmanager
async def connected(url: str, database: str | None = None) -> AsyncIterator[DirectConnection]:
    connection = await connect(Secret(url), database=database, timeout=_PATIENCE)
    try:
        yield connection
    finally:
        await connection.close(timeout=_PATIENCE)
