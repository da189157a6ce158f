"""Secrets that what is stored rests on: a new one in place of one that was lost would shut people out, unseen.

`secrets.json` in the state names those that were there, so that one which a newer release adds is known to be new.
States of a release that wrote no such note had the first of them as soon as they were ready.
"""

from collections.abc import Collection

from deploy.local.errors import LaunchError
from deploy.local.postgres import SUPERUSER
from deploy.local.state import START, State
from deploy.originals import Originals

_NOTE = "secrets.json"
_FIRST = (SUPERUSER, "password_pepper", "refresh_key", "key_encryption_key")
_LASTING = (*_FIRST, "file_link_key")


def keep_lasting(state: State, originals: Originals, *, stored: bool) -> None:
    """Make those that there never were; whether there is a database yet says `stored`.

    Raises LaunchError where one was lost. All are made before the database, which so never is there without them.
    """
    noted = _noted(state)
    lost = [name for name in noted if stored and not (originals.folder / name).exists()]
    if lost:
        raise LaunchError(
            f"Missing in {originals.folder}: {', '.join(lost)}. What is stored rests on it, and a new one would shut "
            'people out: put back the old one, from a backup (docs/backup.md, "A secret that was lost").'
        )
    for name in _LASTING:
        originals.password(name)
    if set(noted) != set(_LASTING):
        state.write(_NOTE, _LASTING)


def note_restored(state: State, names: Collection[str]) -> None:
    """Note which of them a restore has put there: a backup of an older release may lack some."""
    state.write(_NOTE, [name for name in _LASTING if name in names])


def _noted(state: State) -> Collection[str]:
    noted: Collection[str] | None = state.read(_NOTE)
    if noted is None:
        return () if state.read(START) is None else _FIRST
    return noted
