"""PostgreSQL as each service sees it: is what it acknowledges safe, is its clock right, are the schemas ours."""

import time
from pathlib import Path
from typing import Any

import asyncpg

from deploy.doctor.checks.programs import clock
from deploy.doctor.finding import Finding, fail, ok, warn
from deploy.doctor.stack import Stack
from deploy.roles import SCHEMAS
from shared.db import connect
from shared.migration_files import expected_version
from shared.schema_version import schema_state
from shared.settings import Secret

_ROOT = Path(__file__).resolve().parents[3]
_SAFE = ("fsync", "synchronous_commit", "full_page_writes")
_PATIENCE = 5.0  # seconds


async def postgres(stack: Stack) -> list[Finding]:
    findings: list[Finding] = []
    seen: set[str] = set()
    for service, schema in SCHEMAS.items():
        url = stack.told(service, "DATABASE_URL")
        if not url:
            continue
        name = f"PostgreSQL of {service}"
        try:
            connection = await connect(Secret(url), timeout=_PATIENCE, command_timeout=_PATIENCE)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
            findings.append(fail(name, f"can't be reached: {_short(exc)}", "is it up, and DATABASE_URL right?"))
            continue
        try:
            findings += await _examine(connection, service, schema, seen)
        finally:
            await connection.close(timeout=_PATIENCE)
    return findings


async def _examine(connection: Any, service: str, schema: str, seen: set[str]) -> list[Finding]:
    findings = [await _schema(connection, service, schema), await _durability(connection, service)]
    if schema == "auth" and await connection.fetchval("select to_regclass('auth.audit_entry')") is not None:
        findings.append(await _audit_log(connection))
    server = str(await connection.fetchval("select system_identifier from pg_control_system()"))
    if server not in seen:  # one server is looked at once
        seen.add(server)
        sent = time.time()
        told = (await connection.fetchval("select clock_timestamp()")).timestamp()
        findings.append(clock("PostgreSQL", told - (sent + time.time()) / 2))
    return findings


async def _schema(connection: Any, service: str, schema: str) -> Finding:
    state = await schema_state(connection, schema)
    found = state.version
    expected = expected_version(_ROOT / service / "migrations")
    name, what = f"schema {schema}", f"version {found}, and this program has {expected}"
    if found < expected:
        return fail(name, what, f"run `make migrate`, or `python -m {service} migrate`")
    if state.oldest_program > expected:
        return fail(
            name, what, f"it serves version {state.oldest_program} or newer: bring the programs to that release"
        )
    if found > expected:
        return warn(name, what, "a newer release has migrated it: bring the programs to that release")
    return ok(name, f"version {found}")


async def _durability(connection: Any, service: str) -> Finding:
    """`local` and stronger wait for our own disk; `off` loses the last moment's commits with the machine."""
    found = {name: await connection.fetchval("select current_setting($1)", name) for name in _SAFE}
    name = f"durability for {service}"
    if unsafe := [setting for setting, value in found.items() if value == "off"]:
        what = f"{' and '.join(unsafe)} off: what was acknowledged can be lost with the machine"
        return fail(name, what, "switch it on in postgresql.conf, or by `alter role ... reset`")
    return ok(name, ", ".join(f"{setting} {value}" for setting, value in found.items()))


async def _audit_log(connection: Any) -> Finding:
    """It is worth something as long as whoever breaks into the service can't change it."""
    held = await connection.fetchval(
        """
        select string_agg(each, ' and ') from unnest(array['update', 'delete', 'truncate']) as each
        where has_table_privilege('auth.audit_entry', each)
        """
    )
    name = "audit log"
    if held:
        advice = "serve as a role of its own, not as the schema's owner, and revoke that from it"
        return warn(name, f"the role that serves may {held} what was written down", advice)
    return ok(name, "the role that serves can add to it and read it")


def _short(exc: Exception) -> str:
    return str(exc).splitlines()[0] if str(exc) else type(exc).__name__
