"""The pods' own commands and environments make a stack that serves people, and stops when it is told to."""

from pathlib import Path

import aiohttp

from tests.helm.cluster import Cluster
from tests.helm.rendering import PROGRAMS
from tests.stores import StoreUrls


async def test_what_the_pods_are_told_is_a_stack_that_serves(stores: StoreUrls, tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, stores)
    await cluster.migrate()
    async with aiohttp.ClientSession() as http:
        try:
            await cluster.start()
            await cluster.ready(http)
            await visit(http, cluster.url)
        finally:
            statuses = await cluster.stop()
    assert statuses == dict.fromkeys(PROGRAMS, 0)


async def visit(http: aiohttp.ClientSession, url: str) -> None:
    """Go through all four programs, and all stores."""
    person = {"email": "ada@example.org", "password": "correct horse battery"}
    async with http.post(f"{url}/v1/auth/register", json=person) as answer:
        assert answer.status == 201
        token = (await answer.json())["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    async with http.get(f"{url}/v1/users/me", headers=headers) as answer:
        assert answer.status == 200
        assert "RateLimit-Policy" in answer.headers
    form = aiohttp.FormData()
    form.add_field("file", b"hello", filename="hello.txt")
    async with http.post(f"{url}/v1/files", headers=headers, data=form) as answer:
        assert answer.status == 201
        place = answer.headers["Location"]
    async with http.get(f"{url}{place}/content", headers=headers) as answer:
        assert await answer.read() == b"hello"
