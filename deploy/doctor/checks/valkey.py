"""Valkey as the gateway sees it: its clock, which windows of limits rest on, and what it does when it is full."""

import time
from typing import Any

from redis import asyncio as aioredis
from redis.exceptions import RedisError

from deploy.doctor.checks.programs import clock
from deploy.doctor.finding import Finding, fail, ok, warn
from deploy.doctor.stack import Stack
from gateway.valkey.place import is_cluster, read_cluster_url

_PATIENCE = 5.0  # seconds
_ADVICE = "set maxmemory-policy volatile-ttl and a maxmemory: counters are few, and each ends by itself"


async def valkey(stack: Stack) -> list[Finding]:
    url = stack.told("gateway", "VALKEY_URL")
    if not url:
        return []
    if not is_cluster(url):
        return await _server(url, "Valkey")
    nodes = read_cluster_url(url)
    return [found for node in nodes for found in await _server(node.url, f"Valkey at {node.host}:{node.port}")]


async def _server(url: str, name: str) -> list[Finding]:
    try:
        async with aioredis.from_url(url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE) as client:
            sent = time.time()
            seconds, micros = await client.time()
            skew = seconds + micros / 1e6 - (sent + time.time()) / 2
            memory = await client.info("memory")
    except (RedisError, OSError, TimeoutError) as exc:
        return [fail(name, f"can't be asked: {exc or type(exc).__name__}", "is it up, and VALKEY_URL right?")]
    return [clock(name, skew), _policy(memory, f"{name}'s memory")]


def _policy(memory: Any, name: str) -> Finding:
    policy, most = str(memory.get("maxmemory_policy", "")), int(memory.get("maxmemory", 0))
    if not most:
        return warn(name, "has no bound", _ADVICE)
    if policy == "noeviction":
        return fail(name, "when it is full, nothing is counted any more (noeviction)", _ADVICE)
    return ok(name, f"at most {most / 1e6:.0f} MB, then {policy}")
