"""What PostgreSQL does for a statement of a migration, seen on a scratch copy."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import count

import pytest

from deploy.upgrade.narrowing import contents, narrowed
from deploy.upgrade.observing import Effect, observe, tables_of
from deploy.upgrade.scratch import Scratch, scratch
from shared.migration_files import Migration
from tests.stores import StoreUrls

ALL, WRITES, NOBODY = "AccessExclusiveLock", "ShareLock", "ShareUpdateExclusiveLock"
FK, CHANGES = "ShareRowExclusiveLock", "RowExclusiveLock"
_numbers = count(1)


@pytest.fixture(scope="module")
async def copy(stores: StoreUrls) -> AsyncIterator[Scratch]:
    async with scratch(stores.postgres) as made:
        yield made


@pytest.fixture
async def table(copy: Scratch) -> str:
    """Make users.pN, and users.cN, which has an index and knows p; return N."""
    number = next(_numbers)
    async with copy.owner("users") as connection:
        await connection.execute(f"""
            create table users.p{number} (id int primary key);
            create table users.c{number} (id int primary key, x int not null default 0, y int, z text);
            create index c{number}_x_idx on users.c{number} (x);
            alter table users.c{number} add constraint c{number}_y_small check (y < 1000) not valid;
        """)
    return str(number)


async def observed(copy: Scratch, table: str, sql: str) -> tuple[list[Effect], list[str]]:
    """Return what it did, with p and c for the tables, and what it took away."""
    async with copy.connection() as connection:
        known = frozenset({f"users.p{table}", f"users.c{table}"})
        assert known <= await tables_of(connection, "users")
        before = await contents(connection, "users")
        sql = re.sub(r"(?<!\.)\b([cp])#(?!_)", rf"users.\g<1>{table}", sql).replace("#", table)
        effects = await observe(copy, "users", Migration(2, "0002_more.sql", sql), known)
        taken = narrowed(before, await contents(connection, "users"))
    return effects, [each.replace(f"c{table}", "c").replace(f"p{table}", "p") for each in taken]


def kinds(effect: Effect) -> Mapping[str, str]:
    return {
        name: "".join(sorted(table[len("users.")] for table in tables))
        for name in ("rewrites", "scans", "indexes")
        if (tables := getattr(effect, name))
    }


@pytest.mark.parametrize(
    ("sql", "locks", "does"),
    [
        pytest.param("alter table c# add n int", {"c": ALL}, {}, id="column"),
        pytest.param("alter table c# add n int not null default 1", {"c": ALL}, {}, id="column with a constant"),
        pytest.param(
            "alter table c# add n uuid not null default gen_random_uuid()",
            {"c": ALL},
            {"rewrites": "c"},
            id="column with a value for each row",
        ),
        pytest.param("alter table c# add n int check (n > 0)", {"c": ALL}, {"scans": "c"}, id="column with a check"),
        pytest.param("alter table c# alter y type bigint", {"c": ALL}, {"rewrites": "c"}, id="another type"),
        pytest.param("alter table c# alter y set not null", {"c": ALL}, {"scans": "c"}, id="not null"),
        pytest.param("alter table c# add check (y > 0)", {"c": ALL}, {"scans": "c"}, id="check"),
        pytest.param("alter table c# add check (y > 0) not valid", {"c": ALL}, {}, id="check of new rows"),
        pytest.param("alter table c# validate constraint c#_y_small", {"c": NOBODY}, {"scans": "c"}, id="validation"),
        pytest.param(
            "alter table c# add foreign key (y) references p#", {"c": FK, "p": FK}, {"scans": "c"}, id="foreign key"
        ),
        pytest.param("create index on c# (y)", {"c": WRITES}, {"indexes": "c"}, id="index"),
        pytest.param(
            "-- no transaction\ncreate index concurrently on c# (y)",
            {"c": NOBODY},
            {"indexes": "c"},
            id="index beside the writers",
        ),
        pytest.param("alter index users.c#_x_idx set (fillfactor = 70)", {"c": NOBODY}, {}, id="an index's setting"),
        pytest.param("drop index users.c#_x_idx", {"c": ALL}, {}, id="index gone"),
        pytest.param("update c# set y = 1", {"c": CHANGES}, {"scans": "c"}, id="all rows"),
        pytest.param("create table users.n# (id int references p#)", {"p": FK}, {}, id="table that knows one"),
        pytest.param("create table users.n# as select * from c#", {}, {"scans": "c"}, id="copy"),
        pytest.param("create table users.n# (id int)", {}, {}, id="table"),
        pytest.param("drop table c#", {"c": ALL}, {}, id="table gone"),
    ],
)
async def test_statement_is_seen_to_lock_and_to_work_on_tables(
    copy: Scratch, table: str, sql: str, locks: Mapping[str, str], does: Mapping[str, str]
) -> None:
    [effect], _ = await observed(copy, table, sql)
    assert {name[len("users.")]: mode for name, mode in effect.locks.items()} == locks
    assert kinds(effect) == does


async def test_only_the_first_statement_that_takes_a_lock_is_said_to_take_it(copy: Scratch, table: str) -> None:
    sql = "create index on c# (y); alter table c# add n int; alter table c# add m int; create index on c# (n)"
    effects, _ = await observed(copy, table, sql)
    assert [list(effect.locks.values()) for effect in effects] == [[WRITES], [ALL], [], []]


@pytest.mark.parametrize(
    ("sql", "taken"),
    [
        pytest.param("alter table c# add n int not null default 1; create index on c# (n)", [], id="more"),
        pytest.param("alter table c# add n int unique check (n > y)", [], id="rules of a new column"),
        pytest.param("alter table c# alter x drop not null", [], id="null allowed"),
        pytest.param("create table users.n# (id int not null); drop table users.n#", [], id="a table of its own"),
        pytest.param("drop table c#", ["c is gone"], id="table"),
        pytest.param("alter table c# drop y", ["c.y is gone"], id="column"),
        pytest.param("alter table c# rename y to w", ["c.y is gone"], id="another name"),
        pytest.param("alter table c# alter z type varchar", ["c.z: text has become character varying"], id="type"),
        pytest.param(
            "alter table c# alter y set not null",
            ["c.y has to be given and has no default", "c.y may not be null any more"],
            id="not null",
        ),
        pytest.param("alter table c# add n int not null", ["c.n has to be given and has no default"], id="demand"),
        pytest.param("alter table c# alter x drop default", ["c.x has to be given and has no default"], id="default"),
        pytest.param("create unique index n# on c# (y)", ["c refuses rows by n# that it took before"], id="unique"),
        pytest.param(
            "alter table c# add constraint n# check (x > y)", ["c refuses rows by n# that it took before"], id="check"
        ),
        pytest.param(
            "revoke delete on c# from users_runtime", ["c: the right to DELETE of users_runtime is gone"], id="right"
        ),
    ],
)
async def test_what_a_migration_takes_from_the_release_before_is_named(
    copy: Scratch, table: str, sql: str, taken: Sequence[str]
) -> None:
    _, found = await observed(copy, table, sql)
    assert found == [each.replace("#", table) for each in taken]


async def test_scratch_copy_leaves_nothing_on_the_server_and_the_roles_as_they_are(stores: StoreUrls) -> None:
    """It may be made on the server that serves."""
    async with scratch(stores.postgres) as made, made.connection() as connection:
        name = await connection.fetchval("select current_database()")
        passwords = "select rolname, rolpassword from pg_authid order by rolname"
        before = await connection.fetch(passwords)
    async with scratch(stores.postgres) as other, other.connection() as connection:
        assert await connection.fetch(passwords) == before
        assert not await connection.fetchval("select true from pg_database where datname = $1", name)
