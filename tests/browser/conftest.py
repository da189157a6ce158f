"""A real Chromium in front of a real stack. `CHROMIUM` names its binary, where it isn't one of the usual.

stack     session   the running stack of tests/e2e, with limits out of the way
chromium  session   the browser
visit_strict function  as `visit`, of a stack of its own where a second factor is required
visit     function  opens a person's browser window: `person = await visit(dark=True, phone=True, scripts=False)`
looks     function  `await looks(person, "sign-in")` keeps a screenshot in .screenshots/
"""

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.person import Person
from tests.e2e.stack import ROOT, Stack, free_port, running_stack, state_folder

SCREENSHOTS = ROOT / ".screenshots"
_BINARIES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_LIMITS = {"FILE_MAX_BYTES": "40000000", "FILE_QUOTA_BYTES": "50000000"}

Visit = Callable[..., Awaitable[Person]]
Looks = Callable[[Person, str], Awaitable[None]]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with _serving(tmp_path_factory) as running:
        yield running


@contextmanager
def _serving(tmp_path_factory: pytest.TempPathFactory, **settings: str) -> Iterator[Stack]:
    port = free_port()
    routes = tmp_path_factory.mktemp("routes") / "routes.toml"
    text = (ROOT / "gateway" / "routes.toml").read_text(encoding="utf-8")
    for limit in ("50 per hour, 200 per day", "20 per 15 minutes", "3 per hour"):
        text = text.replace(f'"{limit}"', '"10000 per minute"')
    routes.write_text(text, encoding="utf-8")
    with (
        state_folder() as state,
        running_stack(
            state, port, **_LIMITS, **settings, ROUTES_FILE=str(routes), PUBLIC_URL=f"http://localhost:{port}"
        ) as running,
    ):
        yield running


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    binary = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _BINARIES)), None)
    assert binary is not None, "install chromium, or name its binary with CHROMIUM=..."
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def visit(stack: Stack, chromium: Browser) -> AsyncIterator[Visit]:
    async with _windows(stack, chromium) as open_window:
        yield open_window


@pytest.fixture
async def visit_strict(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> AsyncIterator[Visit]:
    with _serving(tmp_path_factory, AUTH_SECOND_FACTOR="required") as stack:
        async with _windows(stack, chromium) as open_window:
            yield open_window


@asynccontextmanager
async def _windows(stack: Stack, chromium: Browser) -> AsyncIterator[Visit]:
    async with AsyncExitStack() as windows:

        async def open_window(
            *, dark: bool = False, phone: bool = False, scripts: bool = True, locale: str = "en-GB", zone: str = "UTC"
        ) -> Person:
            context = await chromium.new_context(
                base_url=f"http://localhost:{stack.port}",
                color_scheme="dark" if dark else "light",
                viewport={"width": 375, "height": 740} if phone else {"width": 1280, "height": 800},
                java_script_enabled=scripts,
                reduced_motion="reduce",
                locale=locale,
                timezone_id=zone,
            )
            windows.push_async_callback(context.close)
            return Person(await context.new_page(), f"ada-{secrets.token_hex(4)}@example.org")

        yield open_window


@pytest.fixture
async def looks() -> Looks:
    SCREENSHOTS.mkdir(exist_ok=True)

    async def keep(person: Person, name: str) -> None:
        await person.page.screenshot(path=Path(SCREENSHOTS / f"{name}.png"), full_page=True)

    return keep
