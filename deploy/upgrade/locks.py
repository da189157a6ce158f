"""PostgreSQL's locks of tables, from the weakest to the strongest, and who waits for a transaction that holds one.

https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""

from typing import Final

MODES: Final = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
READING: Final = "AccessShareLock"
WRITING: Final = "RowExclusiveLock"
_STOPS_WRITES: Final = "ShareLock"
_STOPS_ALL: Final = "AccessExclusiveLock"


def strongest(*modes: str) -> str:
    return max(modes, key=MODES.index)


def worth_telling(mode: str) -> bool:
    """Whether it is more than any query takes."""
    return MODES.index(mode) >= MODES.index(WRITING)


def waits(mode: str) -> str:
    """Return which statements of programs wait for its end: none (an empty string), writes, or all."""
    if mode == _STOPS_ALL:
        return "reads and writes"
    return "writes" if MODES.index(mode) >= MODES.index(_STOPS_WRITES) else ""


def name(mode: str) -> str:
    """Return it as the manual writes it: ACCESS EXCLUSIVE."""
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in mode.removesuffix("Lock"))
    return words.strip().upper()
