"""Whether a migration may run beside the release that serves, by what it does and by how much its tables hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from deploy.upgrade.locks import MODES, READING, WRITING, strongest, waits
from deploy.upgrade.observing import Effect
from shared.migration_files import Contract, Migration

# What a modest server does in a second, from a disk: guesses on the safe side, and no promise.
_READ_BYTES = 100e6
_WRITTEN_BYTES = 25e6  # a table written anew with its indexes, or read and sorted into one
# Programs give up waiting for a lock after two seconds: half of that leaves room for the guess to be wrong.
TOLERABLE_SECONDS = 1.0
_BY_ROWS = ("update", "delete", "merge")


@dataclass(frozen=True, slots=True)
class Size:
    """Of a table now: its rows, as PostgreSQL guesses them, its bytes, and those with its indexes."""

    rows: int = 0
    bytes: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Closed:
    """For how long some statements on a table have to wait."""

    table: str
    waits: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Judged:
    """`reasons` say why it needs a pause; without any it is safe beside the running release."""

    name: str
    in_transaction: bool
    effects: Sequence[Effect]
    closed: Sequence[Closed]
    reasons: Sequence[str]


def seconds(effect: Effect, sizes: Mapping[str, Size]) -> float:
    """Guess how long the statement takes."""

    def size(table: str) -> Size:
        return sizes.get(table, Size())

    written = sum(size(table).total for table in effect.rewrites)
    written += sum(size(table).bytes for table in effect.indexes | _changed(effect))
    return written / _WRITTEN_BYTES + sum(size(table).bytes for table in effect.scans) / _READ_BYTES


def judge(
    migration: Migration, effects: Sequence[Effect], sizes: Mapping[str, Size], taken: Sequence[str], version: int
) -> Judged:
    """`taken` is what it takes away, and `version` that of the schema now, which the running programs expect."""
    closed = _closed(effects, sizes)
    too_long = [
        f"{each.table}: {each.waits} wait for about {each.seconds:.0f} s"
        for each in closed
        if each.seconds >= TOLERABLE_SECONDS
    ]
    reasons = [*_taken_too_early(migration.contract, taken, version), *too_long]
    return Judged(migration.name, migration.in_transaction, effects, closed, reasons)


def _taken_too_early(contract: Contract | None, taken: Sequence[str], version: int) -> Iterator[str]:
    if contract is None:
        yield from (f"the running release needs what it takes: {each}" for each in taken)
    elif contract.version > version:
        yield f"it takes away what releases before {contract.release} need: upgrade to that one first"


def _closed(effects: Sequence[Effect], sizes: Mapping[str, Size]) -> list[Closed]:
    """A lock is held to the end of the migration: through all that comes after it, too."""
    held: dict[str, str] = {}
    rows: set[str] = set()
    lasting: dict[tuple[str, str], float] = {}
    for effect in effects:
        for table, mode in effect.locks.items():
            held[table] = strongest(mode, held.get(table, READING))
        rows |= _changed(effect)
        for table in held.keys() | rows:
            if kind := waits(held.get(table, READING)) or ("writes of the rows it changes" if table in rows else ""):
                lasting[table, kind] = lasting.get((table, kind), 0.0) + seconds(effect, sizes)
    return [Closed(table, kind, lasted) for (table, kind), lasted in sorted(lasting.items())]


def _changed(effect: Effect) -> frozenset[str]:
    """Return the tables whose rows it changes, having read them all to find which."""
    if effect.statement.verb not in _BY_ROWS:
        return frozenset()
    weak = {table for table, mode in effect.locks.items() if MODES.index(mode) == MODES.index(WRITING)}
    return frozenset(weak & effect.scans)
