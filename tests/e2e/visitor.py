"""A person with an app: speaks to the gateway alone, from a loopback address of their own."""

import io
import itertools
import json
import os
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

_numbers = itertools.count(os.getpid() % 60_000 + 2)

PASSWORD = "correct horse battery staple"


@dataclass
class Visitor:
    """`address` decides the limits' bucket, so that tests don't meet each other there."""

    url: str
    address: str
    session: aiohttp.ClientSession
    email: str = ""
    tokens: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def at(cls, url: str, **connecting: Any) -> Self:
        """`connecting` are options of the connector, for a URL that it doesn't find or trust by itself."""
        number = next(_numbers)
        address = f"127.{1 + number // 65_000 % 250}.{number // 250 % 250}.{1 + number % 250}"
        connector = aiohttp.TCPConnector(local_addr=(address, 0), **connecting)
        timeout = aiohttp.ClientTimeout(total=20)
        return cls(url, address, aiohttp.ClientSession(connector=connector, timeout=timeout))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.session.close()

    @property
    def user_id(self) -> str:
        return str(self.tokens["user_id"])

    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"} if self.tokens else {}

    async def call(self, method: str, path: str, **options: Any) -> "Reply":
        """Send with the access token, unless `headers` says otherwise, and read the whole answer."""
        headers = {**self.authorization(), **options.pop("headers", {})}
        async with self.session.request(method, self.url + path, headers=headers, **options) as response:
            return Reply(response, await response.read())

    async def register(self, email: str, password: str = PASSWORD) -> "Reply":
        reply = await self.call("POST", "/v1/auth/register", json={"email": email, "password": password})
        if reply.status == 201:
            self.email, self.tokens = email, reply.json()
        return reply

    async def login(self, password: str = PASSWORD) -> "Reply":
        reply = await self.call("POST", "/v1/auth/login", json={"email": self.email, "password": password})
        if reply.status == 200:
            self.tokens = reply.json()
        return reply

    async def upload(
        self, content: bytes | io.BytesIO, name: str = "notes.txt", content_type: str = "text/plain"
    ) -> "Reply":
        return await self.call(
            "POST", "/v1/files", params={"name": name}, data=content, headers={"Content-Type": content_type}
        )


@dataclass(frozen=True)
class Reply:
    response: aiohttp.ClientResponse
    body: bytes

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def headers(self) -> Any:
        return self.response.headers

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code; fails when the answer is no problem document."""
        assert self.response.content_type == "application/problem+json", self.body[:200]
        return str(self.json()["code"])
