"""`python -m auth_service rotate-keys`, in the environment of auth_service.

Makes the next signing key now, instead of when its time comes. `--now`, for a key that somebody else may have, ends all
others within seconds: their tokens are refused, refreshing gives new ones, and nobody is signed out.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from auth_service.domain.signing_keys import HASTY_LEAD, LEAD
from auth_service.repository.signing_keys import SigningKeyRepository
from auth_service.sealing import Sealer
from auth_service.service.key_rotation import KeyRotation
from auth_service.settings import Settings
from shared.db import Database, open_database
from shared.errors import Unavailable
from shared.settings import load

_POLL_SECONDS = 0.2


def rotate_keys(argv: Sequence[str]) -> int:
    """Return the exit status: 1 where the database can't be reached, or KEY_ENCRYPTION_KEY isn't auth_service's."""
    parser = argparse.ArgumentParser(prog="python -m auth_service rotate-keys", description=__doc__)
    parser.add_argument("--now", action="store_true", help="a key was stolen: end all tokens of the keys there are")
    parser.add_argument("--after", type=_seconds, help="seconds until the new key signs (900; with --now 10)")
    options = parser.parse_args(argv)
    try:
        asyncio.run(_rotate(load(Settings), options.after, now=options.now))
    except Unavailable as exc:
        print(f"rotate-keys: {exc.detail}", file=sys.stderr)  # noqa: T201  whoever rotates is watching
        return 1
    return 0


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=max(0.0, float(text)))


async def _rotate(settings: Settings, after: timedelta | None, *, now: bool) -> None:
    async with open_database(settings.database) as database:
        rotation = KeyRotation(database, Sealer(settings.sealing_key), settings.key_rotation)
        if now:
            await _replace_all(database, rotation, HASTY_LEAD if after is None else after)
            return
        change = await rotation.begin(LEAD if after is None else after)
        if change is None:
            _say("the next key was made before, and waits for its time")
        else:
            _say(f"key {change.kid} signs from {change.signs_from:%Y-%m-%d %H:%M:%S} UTC")


async def _replace_all(database: Database, rotation: KeyRotation, lead: timedelta) -> None:
    """Even where this ends halfway, the old keys end at the moment that was written with the new one."""
    change = await rotation.replace_all(lead)
    _say(f"key {change.kid} signs from {change.signs_from:%H:%M:%S} UTC, and all others end then")
    await _until(database, change.signs_from)
    await rotation.tell_withdrawn(change.withdrawn)
    _say(f"{len(change.withdrawn)} keys are withdrawn: their tokens are refused now")


async def _until(database: Database, moment: datetime) -> None:
    while await SigningKeyRepository(database).now() < moment:  # noqa: ASYNC110  the database's clock doesn't call back
        await asyncio.sleep(_POLL_SECONDS)


def _say(text: str) -> None:
    print(f"rotate-keys: {text}", flush=True)  # noqa: T201  as above
