"""Somebody at a browser, who notices what the browser complains of."""

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.async_api import ConsoleMessage, Locator, Page

PASSWORD = "correct horse battery"
_EXPECTED = ("Failed to load resource: the server responded with a status of 4",)  # a refused form, told by its status


class Person:
    def __init__(self, page: Page, email: str) -> None:
        self.page = page
        self.email = email
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_EXPECTED):
            self.complaints.append(message.text)

    @property
    def path(self) -> str:
        return "/" + self.page.url.split("/", 3)[3]

    async def open(self, path: str) -> None:
        await self.page.goto(path)

    async def press(self, name: str) -> None:
        """Press a button of the page's own part, and wait for the page that follows."""
        async with self.page.expect_navigation():
            await self.page.get_by_role("button", name=name, exact=True).click()

    async def follow(self, name: str) -> None:
        await self.page.get_by_role("main").get_by_role("link", name=name).first.click()
        await self.page.wait_for_load_state()

    async def fill(self, label: str, text: str) -> None:
        await self.page.get_by_label(label, exact=True).fill(text)

    def alert(self) -> Locator:
        return self.page.get_by_role("alert")

    def status(self) -> Locator:
        return self.page.get_by_role("status")

    async def heading(self) -> str:
        return await self.page.get_by_role("heading", level=1).inner_text()

    async def register(self, password: str = PASSWORD) -> None:
        await self.open("/account/register")
        await self.fill("Email address", self.email)
        await self.fill("Password", password)
        await self.press("Make the account")
        assert self.path == "/account"

    async def sign_in(self, password: str = PASSWORD) -> None:
        await self.open("/account/sign-in")
        await self.fill("Email address", self.email)
        await self.fill("Password", password)
        await self.press("Sign in")

    async def barriers(self) -> list[str]:
        """Return what axe-core finds on the page that keeps somebody out."""
        found = await Axe().run(self.page)
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found.response["violations"]
            for node in each["nodes"]
        ]

    async def overflows(self) -> bool:
        """Tell whether the page has to be moved sideways to be read."""
        wide: bool = await self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return wide
