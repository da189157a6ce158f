"""The plan of an installation, or of one service's schema; its exit status says whether an upgrade needs a pause."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from urllib.parse import quote, urlsplit

import asyncpg

from deploy.roles import SCHEMAS
from deploy.upgrade import report
from deploy.upgrade.errors import UpgradeError
from deploy.upgrade.plan import ROOT, SchemaPlan, look, plan
from deploy.upgrade.scratch import connected, scratch
from shared.migration_files import MigrationError, read_migrations

NEEDS_A_PAUSE = 3
_FAILED = 1


async def plan_services(urls: Mapping[str, str], scratch_url: str) -> list[SchemaPlan]:
    """`urls` lead to each service's database, as anybody; `scratch_url` is a superuser's."""
    plans = []
    async with AsyncExitStack() as exits:
        copy = await exits.enter_async_context(scratch(scratch_url))
        for service, url in urls.items():
            async with connected(url) as connection:
                now = await look(connection, SCHEMAS[service])
            plans.append(await plan(copy, SCHEMAS[service], read_migrations(ROOT / service / "migrations"), now))
    return plans


def at_database(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{quote(database, safe='')}").geturl()


def show(urls: Mapping[str, str], scratch_url: str, *, as_json: bool) -> int:
    """Print the plan. Return 0 where the upgrade is safe beside the running release, 3 where not, 1 if it failed."""
    try:
        plans = asyncio.run(plan_services(urls, scratch_url))
    except (UpgradeError, MigrationError, OSError, asyncpg.PostgresError) as exc:
        print(f"upgrade plan: {str(exc) or type(exc).__name__}", file=sys.stderr)
        return _FAILED
    print(report.document(plans) if as_json else report.text(plans))
    return NEEDS_A_PAUSE if _reasons(plans) else 0


def _reasons(plans: Sequence[SchemaPlan]) -> list[str]:
    return [reason for each in plans for reason in each.reasons]
