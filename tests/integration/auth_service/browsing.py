"""A browser without scripts: keeps cookies, reads the forms of a page, and sends them as they are filled in."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from tests.integration.auth_service.people import HOME, PASSWORD, Device
from tests.integration.auth_service.world import AuthService

ORIGIN = "http://127.0.0.1:8080"  # of PUBLIC_URL's default
FORM = "application/x-www-form-urlencoded"


@dataclass
class FoundForm:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Shown:
    """An answer as a person sees it: `forms` by action, the text of what is announced, all text."""

    status: int
    headers: dict[str, str]
    html: str
    forms: dict[str, FoundForm]
    alerts: list[str]
    text: str

    @property
    def location(self) -> str:
        assert self.status == 303, (self.status, self.text)
        return self.headers["Location"]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, FoundForm] = {}
        self.alerts: list[str] = []
        self.text: list[str] = []
        self._form: FoundForm | None = None
        self._alert = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert found["method"] == "post"
            self._form = self.forms[found["action"]] = FoundForm(found["action"])
        elif tag == "input" and self._form is not None and found.get("type") != "checkbox" and "name" in found:
            self._form.fields[found["name"]] = found.get("value", "")
        self._alert = found.get("role") in ("alert", "status") and "hidden" not in found

    def handle_endtag(self, tag: str) -> None:
        self._form = None if tag == "form" else self._form
        self._alert = False

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append(data.strip())
            if self._alert:
                self.alerts.append(data.strip())


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
            reader = _Reader()
            reader.feed(html)
            told = " ".join(reader.text)
            return Shown(response.status, dict(response.headers), html, reader.forms, reader.alerts, told)

    def _keep(self, lines: list[str]) -> None:
        for line in lines:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in line:
                del self.cookies[name]
