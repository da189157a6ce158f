"""A browser that is led from auth_service to a provider and back, and tells where it is led next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from yarl import URL

from tests.integration.auth_service.people import HOME, Device, Person, Reply
from tests.integration.auth_service.world import AuthService, read_reply


@dataclass
class Browser:
    service: AuthService
    cookies: dict[str, str] = field(default_factory=dict)
    device: Device = HOME
    language: str = ""

    async def go(self, address: str) -> Reply:
        """Navigate to a page of ours, whatever host the address names, and keep the cookies that come."""
        parts = urlsplit(address)
        url = URL(f"{parts.path}?{parts.query}" if parts.query else parts.path, encoded=True)
        headers = self.service.gateway.headers(None, self.device) | self._cookie()
        headers |= {"Accept-Language": self.language} if self.language else {}
        async with self.service.public.get(url, headers=headers, allow_redirects=False) as response:
            for each in response.headers.getall("Set-Cookie", ()):
                self.keep(each)
            return await read_reply(response)

    def keep(self, set_cookie: str) -> None:
        for name, morsel in SimpleCookie(set_cookie).items():
            self.cookies[name] = morsel.value

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}

    async def leave(self, provider: str = "peer", return_to: str | None = None) -> str:
        """Begin to sign in, and return where the provider is."""
        query = f"?{urlencode({'return_to': return_to})}" if return_to is not None else ""
        reply = await self.go(f"/account/sign-in/with/{provider}{query}")
        assert reply.status == 303, reply
        return reply.headers["Location"]

    async def sign_in(self, provider: str = "peer", return_to: str | None = None) -> Reply:
        """Go all the way, and return what the way back is answered with."""
        return await self.go(await visit(await self.leave(provider, return_to)))

    async def holder(self) -> Person:
        return await self.service.holder("browser_session", self.cookies["session"])


async def visit(address: str) -> str:
    """Go to the provider, agree, and return where it leads back to."""
    async with aiohttp.ClientSession() as session, session.get(address, allow_redirects=False) as response:
        assert response.status in (302, 303), await response.text()
        return response.headers["Location"]


def changed(address: str, **changes: str | None) -> str:
    """Return the address with other parameters in its query; none leaves one out."""
    parts = urlsplit(address)
    query: Mapping[str, str | None] = {**dict(parse_qsl(parts.query)), **changes}
    kept = {name: value for name, value in query.items() if value is not None}
    return parts._replace(query=urlencode(kept)).geturl()


def parameters(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


async def assert_nothing_was_made(service: AuthService) -> None:
    for table in ("account", "session", "federated_identity"):
        assert await service.admin.fetchval(f"select count(*) from auth.{table}") == 0
