"""Somebody at a browser without scripts, behind the gateway: signed in, or known by a cookie of chance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import FormData

from shared.identity import ANONYMOUS, Identity, Kind
from shared.ids import uuid7
from tests.integration.following_service import FollowingService
from tests.integration.pages_read import Shown, read_page

ORIGIN = "http://127.0.0.1:8080"  # of PUBLIC_URL's default


@dataclass
class PageVisitor:
    service: FollowingService
    user_id: UUID | None = None
    session_id: UUID = field(default_factory=uuid7)
    cookies: dict[str, str] = field(default_factory=dict)
    language: str = "en"

    @property
    def identity(self) -> Identity:
        if self.user_id is None:
            return ANONYMOUS
        return Identity(Kind.USER, str(self.user_id), str(self.session_id), ("full",))

    async def get(self, path: str) -> Shown:
        return await self._ask("GET", path, {}, None)

    async def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Shown:
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._ask("POST", path, sent | named, urlencode(fields))

    async def send(self, page: str, action: str = "", **typed: str) -> Shown:
        """Open a page, fill in the form that is sent to `action`, by default to the page itself, and send it."""
        shown = await self.get(page)
        assert shown.status == 200, shown.text
        form = shown.forms[action or page]
        return await self.post(form.action, form.fields | typed)

    async def post_form(self, path: str, form: FormData, **headers: str) -> Shown:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._ask("POST", path, {"Sec-Fetch-Site": "same-origin"} | named, form)

    async def follow(self, shown: Shown) -> Shown:
        return await self.get(shown.location)

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], data: str | FormData | None) -> Shown:
        sent = self.service.asserted(self.identity) | {"Accept": "text/html", "Accept-Language": self.language}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        client = self.service.public
        client.session.cookie_jar.clear()  # each visitor has their own
        async with client.request(
            method, path, data=data, headers={**sent, **headers}, allow_redirects=False
        ) as response:
            self._keep(response.headers.getall("Set-Cookie", []))
            return read_page(response.status, response.headers, await response.text(errors="replace"))

    def _keep(self, lines: list[str]) -> None:
        for line in lines:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in line:
                del self.cookies[name]
