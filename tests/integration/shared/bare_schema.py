"""A database in which the schema exists and nothing is in it, and migrations that a test writes for it."""

from pathlib import Path
from typing import Any

import asyncpg

from tests.stores import DatabaseUrls

SCHEMA = "users"


async def bare(urls: DatabaseUrls) -> DatabaseUrls:
    connection = await asyncpg.connect(urls.owner)
    try:
        for row in await connection.fetch("select tablename from pg_tables where schemaname = $1", SCHEMA):
            await connection.execute(f"drop table {SCHEMA}.{row['tablename']} cascade")
    finally:
        await connection.close()
    return urls


def write(folder: Path, **files: str) -> Path:
    for name, sql in files.items():
        (folder / f"{name.removeprefix('m')}.sql").write_text(sql, encoding="utf-8")
    return folder


async def run(urls: DatabaseUrls, statement: str) -> Any:
    connection = await asyncpg.connect(urls.owner)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
