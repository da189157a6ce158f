"""A plan for a person, and for machines."""

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from deploy.upgrade.locks import name, waits
from deploy.upgrade.observing import Effect
from deploy.upgrade.plan import SchemaPlan
from deploy.upgrade.verdict import TOLERABLE_SECONDS, Judged, Size, seconds

_WIDTH = 110
_KILO, _UNITS = 1000, ("B", "kB", "MB", "GB", "TB")


def text(plans: Sequence[SchemaPlan]) -> str:
    lines = [line for plan in plans for line in _schema(plan)]
    return "\n".join([*lines, "", *_verdict(plans)])


def _verdict(plans: Sequence[SchemaPlan]) -> Iterator[str]:
    if not any(plan.migrations for plan in plans):
        yield "Verdict: nothing to migrate."
    elif reasons := [f"  {plan.schema}/{reason}" for plan in plans for reason in plan.reasons]:
        yield "Verdict: needs a pause. Stop what uses these tables, migrate, and start the new release:"
        yield from reasons
    else:
        yield "Verdict: safe beside the running release."


def _schema(plan: SchemaPlan) -> Iterator[str]:
    pending = f"{len(plan.migrations)} pending, to {plan.target}" if plan.migrations else "nothing pending"
    yield f"{plan.schema}: version {plan.version}, {pending}"
    for migration in plan.migrations:
        yield f"  {migration.name}: {'needs a pause' if migration.reasons else 'safe beside the running release'}"
        for effect in migration.effects:
            yield from _effect(plan, effect)
        if not any(_touched(effect) for effect in migration.effects):
            yield "    touches no table that is there"
        for each in migration.closed:
            yield f"    = {each.table}: {each.waits} wait {_lasting(each.seconds)}"
        for reason in migration.reasons:
            yield f"    ! {reason}"


def _effect(plan: SchemaPlan, effect: Effect) -> Iterator[str]:
    if not (touched := _touched(effect)):
        return
    yield f"    line {effect.statement.line}: {textwrap.shorten(effect.statement.sql, _WIDTH, placeholder=' ...')}"
    for table in touched:
        yield f"      {table} ({_size(plan.sizes.get(table, Size()))}): {'; '.join(_deeds(effect, table))}"


def _deeds(effect: Effect, table: str) -> Iterator[str]:
    if mode := effect.locks.get(table):
        who = waits(mode)
        yield f"locks {name(mode)}, {f'{who} wait' if who else 'nobody waits'}"
    if table in effect.rewrites:
        yield "writes it anew as a whole"
    if table in effect.indexes:
        yield "builds an index"
    if table in effect.scans:
        yield "reads it as a whole"


def _lasting(guess: float) -> str:
    return f"for about {guess:.0f} s" if guess >= TOLERABLE_SECONDS else "for less than a second"


def _touched(effect: Effect) -> list[str]:
    return sorted(effect.locks.keys() | effect.rewrites | effect.scans | effect.indexes)


def _size(size: Size) -> str:
    return f"about {size.rows:,} rows, {_bytes(size.total)}"


def _bytes(count: float) -> str:
    for unit in _UNITS[:-1]:
        if count < _KILO:
            return f"{count:.0f} {unit}"
        count /= _KILO
    return f"{count:.0f} {_UNITS[-1]}"


def document(plans: Sequence[SchemaPlan]) -> str:
    """Return it as JSON; locks by their names in pg_locks."""
    pending = any(plan.migrations for plan in plans)
    verdict = "pause" if any(plan.reasons for plan in plans) else "safe" if pending else "nothing"
    return json.dumps({"verdict": verdict, "schemas": [_as_object(plan) for plan in plans]}, indent=2)


def _as_object(plan: SchemaPlan) -> dict[str, Any]:
    return {
        "schema": plan.schema,
        "version": plan.version,
        "target": plan.target,
        "migrations": [_migration(plan, migration) for migration in plan.migrations],
        "tables": {
            table: {"rows": size.rows, "bytes": size.bytes, "total_bytes": size.total}
            for table, size in sorted(plan.sizes.items())
        },
    }


def _migration(plan: SchemaPlan, migration: Judged) -> dict[str, Any]:
    return {
        "name": migration.name,
        "verdict": "pause" if migration.reasons else "safe",
        "reasons": list(migration.reasons),
        "in_transaction": migration.in_transaction,
        "closed": [
            {"table": each.table, "waits": each.waits, "seconds": round(each.seconds, 3)} for each in migration.closed
        ],
        "statements": [
            {
                "line": effect.statement.line,
                "sql": effect.statement.sql,
                "locks": dict(effect.locks),
                "rewrites": sorted(effect.rewrites),
                "builds_index": sorted(effect.indexes),
                "reads": sorted(effect.scans),
                "seconds": round(seconds(effect, plan.sizes), 3),
            }
            for effect in migration.effects
        ],
    }
