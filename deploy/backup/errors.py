from collections.abc import Sequence

_MOST_TOLD = 10


class BackupError(Exception):
    """Why it can't be done, in words for the person at the terminal: what is wrong, and what to do about it."""


class BlobDamaged(BackupError):
    """A blob of the installation's own isn't there any more as it was uploaded."""


class Damaged(BackupError):
    """The backup isn't what it was when it was made, or isn't whole: it must not be relied on."""


def shortened(lines: Sequence[str]) -> str:
    """Return the first few of many."""
    more = [f"... and {len(lines) - _MOST_TOLD} more"] if len(lines) > _MOST_TOLD else []
    return "\n".join([*lines[:_MOST_TOLD], *more])
