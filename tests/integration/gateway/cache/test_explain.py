"""/explain tells what the cache would do, and leaves no trace in it."""

import pytest
from redis import asyncio as aioredis

from tests.integration.gateway.cache.caching_gateway import CachingGateway


async def told(gateway: CachingGateway, method: str, path: str, **question: str) -> tuple[str, list[str]]:
    url = f"http://127.0.0.1:{gateway.running.private_port}/explain"
    params = {"method": method, "path": path, **question}
    async with gateway.running.client.get(url, params=params, headers={"Accept": "application/json"}) as answer:
        report = await answer.json()
    (step,) = (step for step in report["steps"] if step["name"] == "cache")
    return step["why"], [str(name) for name, _ in report["request_headers"]]


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/pictures/1", "nothing is kept"),
        ("GET", "/open/1", "not cached: the route doesn't ask for it"),
        ("PUT", "/pictures/1", "what is kept of the path"),
        ("PUT", "/open/1", "what is kept of the path"),
    ],
)
async def test_cache_is_explained(gateway: CachingGateway, valkey_url: str, method: str, path: str, said: str) -> None:
    why, _ = await told(gateway, method, path)
    assert why.startswith(said)
    async with aioredis.from_url(valkey_url) as client:
        assert not [key async for key in client.scan_iter("cache:*")]
    assert not gateway.origin.seen


async def test_what_is_kept_and_what_the_service_would_be_asked_are_told(gateway: CachingGateway) -> None:
    gateway.origin.headers["ETag"] = '"one"'
    await gateway.get("/pictures/1")
    why, headers = await told(gateway, "GET", "/pictures/1", header="Cookie: a=b")
    assert why.startswith("answered from what is kept")
    assert "If-None-Match" in headers
    assert not {"Cookie", "X-Forwarded-For"} & set(headers)
    assert len(gateway.origin.seen) == 1
