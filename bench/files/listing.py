"""How long the database takes for a page of 20 of a person's 1,000,000 files, wherever it is in the list."""

import asyncio
import re
from statistics import median

import asyncpg

from bench.files.ours import Files
from bench.report import Section, Table, Target
from bench.visit.colonnade import superuser_url
from file_service.repository.files import LIST_PAGE

_FILES, _PAGE, _TIMES = 1_000_000, 20, 100
_MOST = 10.0  # milliseconds
_SEED = """
    insert into files.file (file_id, owner_id, name, size, content_type, sha256)
    select lpad(to_hex(n), 32, '0')::uuid, $1, 'file ' || n, 1, 'text/plain', sha256(n::text::bytea)
    from generate_series(1, $2::int) as n
"""
_PLACES = {"first": 1.0, "middle": 0.5, "last": 0.00002}


def listing(files: Files) -> Section:
    milliseconds = asyncio.run(_measure(superuser_url(files.stack.state)))
    rows = [(f"{place} page", f"{each:.3f}") for place, each in milliseconds.items()]
    table = Table(f"{_PAGE} of {_FILES:,} files, in the database", ("", "ms"), rows)
    return Section([table], [Target("a page of files, ms", max(milliseconds.values()), _MOST)])


async def _measure(url: str) -> dict[str, float]:
    connection = await asyncpg.connect(url)
    try:
        owner = await connection.fetchval(
            "insert into files.owner (owner_id, bytes) values (gen_random_uuid(), $1) returning owner_id", _FILES
        )
        await connection.execute(_SEED, owner, _FILES, timeout=300)
        await connection.execute("vacuum (analyze) files.file", timeout=300)
        return {place: await _time(connection, owner, round(_FILES * part) + 1) for place, part in _PLACES.items()}
    finally:
        await connection.close()


async def _time(connection: asyncpg.Connection, owner: object, before: int) -> float:
    explain = f"explain (analyze, timing off) {LIST_PAGE}"
    times = []
    for _ in range(_TIMES):
        plan = await connection.fetch(explain, owner, f"{before:032x}", _PAGE)
        found = re.search(r"Execution Time: ([\d.]+) ms", plan[-1][0])
        assert found is not None  # it ends every plan that was analysed
        times.append(float(found[1]))
    return median(times)
