"""A browser without scripts: keeps cookies, reads the forms of a page, and sends them as they are filled in."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.integration.auth_service.people import HOME, PASSWORD, Device
from tests.integration.auth_service.world import AuthService
from tests.integration.pages_read import Shown, read_page

ORIGIN = "http://127.0.0.1:8080"  # of PUBLIC_URL's default
FORM = "application/x-www-form-urlencoded"


@dataclass
class Browser:
    service: AuthService
    device: Device = HOME
    cookies: dict[str, str] = field(default_factory=dict)
    takes_cookies: bool = True

    async def get(self, path: str, **headers: str) -> Shown:
        return await self._ask("GET", path, headers, None)

    async def post(self, path: str, fields: Any, **headers: str) -> Shown:
        """Send the fields, whether or not they are those of a form; a page of ours is where they come from."""
        sent = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin"} | headers
        return await self._ask("POST", path, sent, fields if isinstance(fields, bytes) else urlencode(fields).encode())

    async def send(self, page: str, action: str = "", **typed: str) -> Shown:
        """Open a page, fill in the form that is sent to `action`, by default to the page itself, and send it."""
        shown = await self.get(page)
        assert shown.status == 200, shown.text
        form = shown.forms[action or page]
        assert typed.keys() - form.fields.keys() <= {"scopes", "days", "keep_api_keys", "language"}
        return await self.post(form.action, form.fields | typed)

    async def sign_in(self, email: str, password: str = PASSWORD) -> Shown:
        return await self.send("/account/sign-in", email=email, password=password)

    async def follow(self, shown: Shown) -> Shown:
        return await self.get(shown.location)

    async def _ask(self, method: str, path: str, headers: dict[str, str], data: bytes | None) -> Shown:
        sent = self.service.gateway.headers(None, self.device) | {"Accept": "text/html"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        client = self.service.public
        async with client.request(method, path, data=data, headers=sent, allow_redirects=False) as response:
            html = await response.text()
            if self.takes_cookies:
                self._keep(response.headers.getall("Set-Cookie", []))
            return read_page(response.status, response.headers, html)

    def _keep(self, lines: list[str]) -> None:
        for line in lines:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in line:
                del self.cookies[name]
