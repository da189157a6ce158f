"""The plan of an installation, or of one service's schema; its exit status says whether an upgrade needs a pause."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg

from deploy.roles import SCHEMAS
from deploy.upgrade import report
from deploy.upgrade.errors import UpgradeError
from deploy.upgrade.plan import ROOT, SchemaPlan, look, plan
from deploy.upgrade.scratch import connected, scratch
from shared.migration_files import MigrationError, read_migrations

NEEDS_A_PAUSE = 3
_FAILED = 1
# asyncpg says the last two of a URL that is none.
_FAILURES = (UpgradeError, MigrationError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError)


@dataclass(frozen=True, slots=True)
class Where:
    """`urls` lead to each service's server, as anybody, and to `database` there, or the one that they name.

    `scratch_url` is a superuser's.
    """

    urls: Mapping[str, str]
    scratch_url: str
    database: str | None = None


async def plan_services(where: Where) -> list[SchemaPlan]:
    plans = []
    async with AsyncExitStack() as exits:
        copy = await exits.enter_async_context(scratch(where.scratch_url))
        for service, url in where.urls.items():
            async with connected(url, where.database) as connection:
                now = await look(connection, SCHEMAS[service])
            plans.append(await plan(copy, SCHEMAS[service], read_migrations(ROOT / service / "migrations"), now))
    return plans


def show(where: Where, *, as_json: bool) -> int:
    """Print the plan. Return 0 where the upgrade is safe beside the running release, 3 where not, 1 if it failed."""
    try:
        plans = asyncio.run(plan_services(where))
    except _FAILURES as exc:
        print(f"upgrade plan: {str(exc) or type(exc).__name__}", file=sys.stderr)
        return _FAILED
    print(report.document(plans) if as_json else report.text(plans))
    return NEEDS_A_PAUSE if _reasons(plans) else 0


def _reasons(plans: Sequence[SchemaPlan]) -> list[str]:
    return [reason for each in plans for reason in each.reasons]
