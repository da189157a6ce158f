from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis import asyncio as aioredis
from redis.exceptions import NoPermissionError

from deploy.compose.provision import shares
from deploy.originals import Originals


async def ask(client: aioredis.Redis, *words: str) -> None:
    await client.execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py's


@asynccontextmanager
async def user_of_the_acl_file(url: str, folder: Path, name: str) -> AsyncIterator[aioredis.Redis]:
    """Give this Valkey one user of the compose stack's ACL file, under another name and password."""
    acl_file = next(share.files["users.acl"] for share in shares(Originals(folder)) if share.container == "valkey")
    rules = next(line.split()[2:] for line in acl_file.splitlines() if line.split()[1] == name)
    admin = aioredis.from_url(url)
    visitor = aioredis.from_url(url, single_connection_client=True)
    try:
        await ask(admin, "ACL", "SETUSER", f"compose_{name}", "reset", "on", *rules, ">as-compose")
        await ask(visitor, "AUTH", f"compose_{name}", "as-compose")
        yield visitor
    finally:
        await visitor.aclose()
        await ask(admin, "ACL", "DELUSER", f"compose_{name}")
        await admin.aclose()


async def test_gateway_may_count_and_cache_and_not_administer(valkey_url: str, tmp_path: Path) -> None:
    async with user_of_the_acl_file(valkey_url, tmp_path, "gateway") as gateway:
        digest = await gateway.script_load("return redis.call('TIME')")
        await gateway.evalsha(digest, 0)
        await gateway.set("limit:{a}", 1, px=1000)
        await gateway.set("cache:{a}", b"marker", px=1000, nx=True, get=True)
        await gateway.set("cache:{a}:b", b"answer", ex=10)
        await gateway.expire("cache:{a}", 10, gt=True)
        assert await gateway.get("cache:{a}:b") == b"answer"
        assert await gateway.unlink("cache:{a}") == 1
        for command in ("FLUSHALL", "CONFIG GET *", "KEYS *", "ACL LIST"):
            with pytest.raises(NoPermissionError):
                await ask(gateway, *command.split())


async def test_health_check_may_ping_and_nothing_else(valkey_url: str, tmp_path: Path) -> None:
    async with user_of_the_acl_file(valkey_url, tmp_path, "default") as health_check:
        await ask(health_check, "PING")
        with pytest.raises(NoPermissionError):
            await health_check.get("limit:{a}")
