"""All checks in the order in which they are told: what is down first, what rests on it after."""

import asyncio
from collections.abc import Awaitable, Mapping

import aiohttp

from deploy.doctor.checks import front_door, programs
from deploy.doctor.checks.backups import backups
from deploy.doctor.checks.disk import disks
from deploy.doctor.checks.postgres import postgres
from deploy.doctor.checks.secrets import secrets
from deploy.doctor.checks.uploads import uploads
from deploy.doctor.checks.valkey import valkey
from deploy.doctor.finding import Finding, fail
from deploy.doctor.stack import Program, Stack, look_at

_PATIENCE = aiohttp.ClientTimeout(total=front_door.PATIENCE)


async def examine(stack: Stack) -> list[Finding]:
    """Look at everything that can be seen from here. Changes nothing."""
    async with aiohttp.ClientSession(timeout=_PATIENCE) as session:
        seen = await asyncio.gather(*(look_at(session, name, url) for name, url in stack.private.items()))
        by_name = {program.name: program for program in seen}
        findings = [*programs.readiness(seen, stack.pids), *programs.versions(seen), *programs.clocks(seen)]
        findings += await _stores(stack)
        findings += _measured(by_name)
        findings += await _front_door(session, stack)
    return [*findings, *programs.descriptors(seen), *secrets(stack), *disks(stack), *backups(stack)]


async def _stores(stack: Stack) -> list[Finding]:
    return [*await _safely("PostgreSQL", postgres(stack)), *await _safely("Valkey", valkey(stack))]


def _measured(seen: Mapping[str, Program]) -> list[Finding]:
    gateway, auth_service = seen["gateway"], seen["auth_service"]
    return [
        *programs.limits(gateway),
        *programs.revocations(gateway),
        *programs.routes(gateway),
        *programs.upstreams(gateway),
        *programs.signing_key(auth_service),
        *front_door.client_addresses(gateway),
    ]


async def _front_door(session: aiohttp.ClientSession, stack: Stack) -> list[Finding]:
    return [
        *await _safely("PUBLIC_URL", front_door.public_url(session, stack)),
        *front_door.same_public_url(stack),
        *front_door.listening(stack),
        *front_door.transport(stack),
        *await _safely("certificate", front_door.certificate(stack)),
        *await _safely("path prefix", front_door.prefix(session, stack)),
        *await _safely("proxies", front_door.proxies(session, stack)),
        *await _safely("uploads", uploads(session, stack)),
        *await _safely("CORS", front_door.origins(session, stack)),
    ]


async def _safely(subject: str, check: Awaitable[list[Finding]]) -> list[Finding]:
    """A check that breaks is a finding itself, and keeps nobody from the others."""
    try:
        return await check
    except Exception as exc:  # noqa: BLE001  whatever it met, the person at the terminal needs the other findings
        return [fail(subject, f"couldn't be looked at: {type(exc).__name__}: {exc}", "please report this")]
