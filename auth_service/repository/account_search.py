"""SQL of the administrators' search for accounts, newest first.

What is frequent is found by a walk over the newest accounts, which costs the same whatever is looked for. Where that
doesn't fill the page, matches are rare, and an index has them all: trigrams of addresses, roles, bans.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from auth_service.domain.administration import AccountFilter, AccountSummary
from auth_service.domain.bans import Ban, StandingBan
from shared.db import Db
from shared.ids import HIGHEST

WALKED = 2000  # accounts

BANNED = "(a.banned_at is not null and (a.banned_until is null or a.banned_until > now()))"
SUMMARY = f"""
    a.user_id, a.email, a.email_verified_at is not null as email_verified, a.password_hash is not null as has_password,
    a.roles, a.created_at, case when {BANNED} then a.banned_at end as banned_at, a.banned_until, a.ban_reason
"""


class AccountSearch:
    def __init__(self, db: Db) -> None:
        self._db = db

    async def list_page(self, wanted: AccountFilter, before: UUID | None, limit: int) -> list[AccountSummary]:
        """Return the accounts behind `before`."""
        arguments: list[Any] = [before or HIGHEST, limit]
        conditions = _conditions(wanted, arguments)
        rows = await self._db.fetch(_near(conditions), *arguments)
        if conditions and len(rows) < limit:
            rows = await self._db.fetch(_far(conditions), *arguments)
        return [summary_of(dict(row)) for row in rows]


def _near(conditions: str) -> str:
    return f"""
        select {SUMMARY} from (
            select * from auth.account where user_id < $1 order by user_id desc limit {WALKED}
        ) as a where true{conditions} order by a.user_id desc limit $2
    """  # noqa: S608  constants


def _far(conditions: str) -> str:
    """Materialized: the planner would otherwise take the limit for a reason to walk, and walk through all of them."""
    return f"""
        with matching as materialized (select a.user_id from auth.account a where a.user_id < $1{conditions})
        select {SUMMARY} from matching join auth.account a using (user_id) order by a.user_id desc limit $2
    """  # noqa: S608  constants


def _conditions(wanted: AccountFilter, arguments: list[Any]) -> str:
    """Return the conditions that are given, and append what they compare with."""
    found = ""
    if wanted.email_part is not None:
        arguments.append(f"%{_escape(wanted.email_part)}%")
        found += f" and a.email_key like ${len(arguments)}"
    if wanted.user_id is not None:
        arguments.append(wanted.user_id)
        found += f" and a.user_id = ${len(arguments)}"
    if wanted.role is not None:
        arguments.append([wanted.role])
        found += f" and a.roles <> '{{}}' and a.roles @> ${len(arguments)}::text[]"
    if wanted.banned is not None:
        found += f" and {BANNED}" if wanted.banned else f" and not {BANNED}"
    if wanted.verified is not None:
        found += f" and a.email_verified_at is {'not ' if wanted.verified else ''}null"
    return found


def _escape(text: str) -> str:
    r"""Take their meaning in `like` from \, % and _."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def summary_of(row: Mapping[str, Any]) -> AccountSummary:
    values = dict(row)
    at, until, reason = (values.pop(name) for name in ("banned_at", "banned_until", "ban_reason"))
    ban = StandingBan(Ban(reason, until), at) if at is not None else None
    return AccountSummary(**{**values, "roles": tuple(values["roles"])}, ban=ban)
