from typing import Any

import pytest

from deploy.upgrade.locks import name, waits
from deploy.upgrade.observing import Effect
from deploy.upgrade.statements import Statement
from deploy.upgrade.verdict import Size, judge
from shared.migration_files import Migration

LARGE = {"users.a": Size(rows=50_000_000, bytes=5_000_000_000, total=8_000_000_000)}
SMALL = {"users.a": Size(rows=1000, bytes=100_000, total=200_000)}
ALL, WRITES, NOBODY = "AccessExclusiveLock", "ShareLock", "ShareUpdateExclusiveLock"
CHANGES = "RowExclusiveLock"
A = frozenset({"users.a"})


def effect(lock: str = "", verb: str = "alter", **kinds: Any) -> Effect:
    return Effect(Statement(1, f"{verb} it"), {"users.a": lock} if lock else {}, **kinds)


@pytest.mark.parametrize(
    ("effects", "waiting"),
    [
        pytest.param([effect(ALL)], {}, id="a lock for a moment"),
        pytest.param([effect(ALL, scans=A)], {"reads and writes": 50}, id="a scan under the strongest lock"),
        pytest.param([effect(ALL), effect(scans=A)], {"reads and writes": 50}, id="a scan after it"),
        pytest.param([effect(scans=A), effect(ALL)], {}, id="a scan before it"),
        pytest.param([effect(ALL, rewrites=A)], {"reads and writes": 320}, id="a rewrite"),
        pytest.param([effect(WRITES, indexes=A)], {"writes": 200}, id="an index"),
        pytest.param([effect(NOBODY, indexes=A)], {}, id="an index beside the writers"),
        pytest.param([effect(NOBODY, scans=A)], {}, id="a validation beside the writers"),
        pytest.param(
            [effect(CHANGES, "update", scans=A)], {"writes of the rows it changes": 250}, id="a change of all rows"
        ),
        pytest.param([effect(CHANGES, "insert", scans=A)], {}, id="more rows"),
    ],
)
def test_whoever_waits_for_long_on_a_large_table_is_a_reason_for_a_pause(
    effects: list[Effect], waiting: dict[str, int]
) -> None:
    migration = Migration(2, "0002_more.sql", "select 1")
    found = judge(migration, effects, LARGE, [], 1)
    assert found.reasons == [f"users.a: {who} wait for about {seconds} s" for who, seconds in waiting.items()]
    assert judge(migration, effects, SMALL, [], 1).reasons == []


def test_what_the_running_release_needs_is_no_longer_taken_without_a_contract() -> None:
    taken = ["users.a.x is gone"]
    plain = Migration(3, "0003_less.sql", "alter table users.a drop column x")
    contract = Migration(3, "0003_less.sql", f"-- contract: unused since 1.2.0, schema version 2\n{plain.sql}")

    assert judge(plain, [], {}, taken, 2).reasons == ["the running release needs what it takes: users.a.x is gone"]
    assert judge(contract, [], {}, taken, 2).reasons == []
    assert judge(contract, [], {}, taken, 1).reasons == [
        "it takes away what releases before 1.2.0 need: upgrade to that one first"
    ]


def test_locks_are_named_as_in_the_manual() -> None:
    assert [name(each) for each in (ALL, NOBODY)] == ["ACCESS EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"]
    assert [waits(each) for each in (ALL, WRITES, NOBODY)] == ["reads and writes", "writes", ""]
