"""A person with a browser, who signs in at the provider's own pages."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

import aiohttp

_ACTION = re.compile(r'<form[^>]*action="([^"]+)"')
_PROMPT = re.compile(r'name="prompt" value="(\w+)"')
_MOST_STEPS = 20


@dataclass
class Person:
    """`name` is who they say to be at the provider's; `url` is the gateway's."""

    name: str
    url: str
    session: aiohttp.ClientSession

    async def sign_in(self, provider: str, return_to: str = "/account") -> str:
        """Go to the provider and back, and return where we lead to at last."""
        return await self.follow(f"{self.url}/account/sign-in/with/{provider}?return_to={return_to}")

    async def follow(self, address: str) -> str:
        """Go wherever the pages lead, filling in their forms, until it is a page that isn't part of signing in."""
        for _ in range(_MOST_STEPS):
            if address.startswith(self.url) and "/account/sign-in/with/" not in address:
                return address
            if not address.startswith("http"):
                return address
            address = await self._step("GET", address)
        raise AssertionError(f"it leads round in circles, lately to {address}")

    async def _step(self, method: str, address: str, form: dict[str, str] | None = None) -> str:
        async with self.session.request(method, address, data=form, allow_redirects=False) as response:
            page = await response.text()
            if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
                return urljoin(address, response.headers["Location"])
            action, prompt = _ACTION.search(page), _PROMPT.search(page)
            assert response.status == HTTPStatus.OK, f"{address}: {response.status} {page}"
            assert action is not None, page
            assert prompt is not None, page
        form = {"prompt": prompt[1], "login": self.name, "password": "any will do"}
        return await self._step("POST", urljoin(address, html.unescape(action[1])), form)

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Ask the gateway by the session's cookie, as a page of its own would."""
        headers = {"Sec-Fetch-Site": "same-origin", **options.pop("headers", {})}
        async with self.session.request(method, self.url + path, headers=headers, **options) as response:
            return response.status, await response.json() if await response.read() else None


@asynccontextmanager
async def visiting(name: str, url: str, address: str) -> AsyncIterator[Person]:
    """Visit from a loopback `address`, which decides the limits' bucket."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    jar = aiohttp.CookieJar(unsafe=True)  # hosts here have numbers for names
    async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as session:
        yield Person(name, url, session)
