"""`python -m auth_service admin EMAIL` makes a registered person an administrator, as the first one has to be made.

With `--revoke` it takes the role back. Whoever may run it can write to the database anyway: it needs DATABASE_URL.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from auth_service.domain.audit import NOWHERE, SYSTEM, Doer
from auth_service.domain.roles import ADMINISTRATOR
from auth_service.emails import parse_email
from auth_service.repository.administration import AdministrationRepository
from auth_service.service.administration import change_roles
from shared.db import Database, open_database
from shared.errors import AppError
from shared.events.publish import publish
from shared.settings import DatabaseSettings, Env, load

REVOKE = "--revoke"


@dataclass(frozen=True, slots=True)
class _Settings:
    database: DatabaseSettings

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(DatabaseSettings.from_env(env))


def make_admin(arguments: Sequence[str]) -> int:
    """Do it, say what was done, and return the exit status."""
    addresses = [each for each in arguments if each != REVOKE]
    if len(addresses) != 1 or len(arguments) - len(addresses) > 1:
        return _say(f"usage: python -m auth_service admin EMAIL [{REVOKE}]", 2)
    settings = load(_Settings)
    try:
        return _say(asyncio.run(_change(settings.database, addresses[0], granted=REVOKE not in arguments)), 0)
    except (AppError, _Refused) as exc:
        return _say(f"admin: {exc}", 1)


class _Refused(Exception):
    """What the person at the terminal is told instead."""


async def _change(settings: DatabaseSettings, address: str, *, granted: bool) -> str:
    async with open_database(settings) as database:
        return await change_administrator(database, address, granted=granted)


async def change_administrator(database: Database, address: str, *, granted: bool) -> str:
    """Give the role, or take it, and return what to say. Raises InvalidEmail, LastAdministrator and the like."""
    email = parse_email(address)
    async with database.transaction() as connection:
        accounts = AdministrationRepository(connection)
        user_id = await accounts.find_user_id(email.key)
        roles = await accounts.hold_roles(user_id) if user_id is not None else None
        if user_id is None or roles is None:
            raise _Refused(f"Nobody has registered as {email.address}. Register first, then run this again.")
        if (ADMINISTRATOR in roles) is granted:
            return f"{email.address} is {'an' if granted else 'no'} administrator already: nothing changed."
        wanted = tuple(sorted({*roles, ADMINISTRATOR} if granted else {*roles} - {ADMINISTRATOR}))
        events = await change_roles(connection, Doer(SYSTEM, SYSTEM, NOWHERE), user_id, wanted)
        await publish(connection, "auth", events)
    signed_out = f"{len(events)} of their sessions ended: they sign in again." if events else "They sign in as before."
    return f"{email.address} is {'an administrator now' if granted else 'no administrator any more'}. {signed_out}"


def _say(text: str, status: int) -> int:
    print(text, file=sys.stderr if status else sys.stdout)
    return status
