"""What a migration takes from programs of the release before: what they read, write or call and wouldn't find any more.

The catalogue is compared before and after, whatever SQL led from the one to the other. What a new column is part of
isn't looked at: those programs leave it as its default has it. Whether they can bear what is now allowed (null in a
column that had none) is for tests with them to show.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.db import DirectConnection

_SQL = Path(__file__).with_name("contents.sql")
_BOOKKEEPING = "schema_migration"  # the runner's own

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Fact:
    form: str
    columns: frozenset[str]


Contents = Mapping[_Key, _Fact]


async def contents(connection: DirectConnection, schema: str) -> Contents:
    """Return what the schema holds that programs may rely on, by kind, place and name."""
    rows = await connection.fetch(_SQL.read_text(encoding="utf-8"), schema)
    return {
        (row["kind"], row["place"], row["name"]): _Fact(row["form"], frozenset(row["columns"]))
        for row in rows
        if row["place"] != _BOOKKEEPING
    }


def narrowed(before: Contents, after: Contents) -> list[str]:
    """Return what was taken away, as sentences."""
    return sorted({*_lost(before, after), *_demanded(before, after)})


def _lost(before: Contents, after: Contents) -> Iterator[str]:
    for (kind, place, name), fact in before.items():
        found = after.get((kind, place, name))
        gone = ("table", place, "") in before and ("table", place, "") not in after
        if kind in ("demand", "not null", "rule") or (gone and kind != "table"):
            continue
        if found is None:
            yield _LOSSES[kind].format(place=place, name=name)
        elif found.form != fact.form and kind in ("column", "function"):
            yield f"{place}.{name}: {fact.form} has become {found.form}"


_LOSSES = {
    "table": "{place} is gone",
    "column": "{place}.{name} is gone",
    "right": "{place}: the right to {name} is gone",
    "function": "{place}({name}) is gone",
    "type": "{place}: the value {name} is gone",
}


def _demanded(before: Contents, after: Contents) -> Iterator[str]:
    """What rows have to satisfy now, and those programs don't know."""
    columns = {(place, name) for kind, place, name in before if kind == "column"}
    for (kind, place, name), fact in after.items():
        if ("table", place, "") not in before:
            continue
        if (kind, place, name) in before and (kind != "rule" or before[kind, place, name].form == fact.form):
            continue
        if kind == "demand":
            yield f"{place}.{name} has to be given and has no default"
        elif kind == "not null" and (place, name) in columns:
            yield f"{place}.{name} may not be null any more"
        elif kind == "rule" and fact.columns and all((place, column) in columns for column in fact.columns):
            yield f"{place} refuses rows by {name} that it took before"
