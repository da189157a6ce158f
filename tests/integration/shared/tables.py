"""The tables that shared/ asks of a service, in a schema of nobody's, and how to get a database that has them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from urllib.parse import urlsplit

import asyncpg

from shared.db import DirectConnection
from shared.settings import DatabaseSettings, Secret

SCHEMA = "app"
TABLES = """
create schema app;
create table app.event (
    id bigserial primary key, event_id uuid not null, type text not null, subject text not null,
    time timestamptz not null default now(), data jsonb not null,
    traceparent text
);
create table app.event_epoch (epoch uuid not null, horizon bigint not null default 0);
insert into app.event_epoch (epoch) values (gen_random_uuid());
create table app.event_cursor (feed text primary key, epoch uuid not null, position bigint not null);
create table app.idempotency (
    key_hash bytea primary key, fingerprint bytea not null, answer jsonb not null,
    created_at timestamptz not null default now()
);
create table app.applied (position bigint not null, event_id uuid not null, replica int not null);
create table app.thing (thing_id uuid primary key, name text not null default '');
"""
_numbers = count(1)


def settings_for(url: str, *, pool_size: int = 10, timeout: float = 5.0) -> DatabaseSettings:
    return DatabaseSettings(Secret(url), Secret(url), pool_size, timeout)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[DirectConnection]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        yield connection
    finally:
        await connection.close(timeout=10)


@asynccontextmanager
async def fresh_tables(admin_url: str) -> AsyncIterator[str]:
    """Make a database with the tables, yield its URL, and drop it."""
    name = f"shared_{next(_numbers)}"
    url = urlsplit(admin_url)._replace(path=f"/{name}").geturl()
    async with connected(admin_url) as admin:
        await admin.execute(f"create database {name}")
        # The test cluster acknowledges before it writes, and some tests kill it to see that nothing is lost.
        await admin.execute(f"alter database {name} set synchronous_commit = on")
    try:
        async with connected(url) as connection:
            await connection.execute(TABLES)
        yield url
    finally:
        async with connected(admin_url) as admin:
            await admin.execute(f"drop database {name} with (force)")
