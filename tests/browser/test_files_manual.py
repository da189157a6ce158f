"""What docs/files/javascript.md shows, in a page of another origin, which CORS_ORIGINS names."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from PIL import Image
from playwright.async_api import Browser, Page

from tests.clients.snippets import Snippet, printed_by_each, program_of, snippets_of
from tests.e2e.stack import Stack, free_port, running_stack, state_folder

_OF_NODE = re.compile(r"tus-js-client|node:fs/promises|sendResumably")
_LINE_OF_NODE = re.compile(r"^.*// in node alone\n", re.MULTILINE)
_CHOSEN = """
const openAsBlob = async (name) => (await fetch(`/${name}`)).blob();  // as if somebody had chosen it
"""
_PAGE = """<!doctype html><script>
const said = [], done = new Promise((resolve) => addEventListener("said", resolve));
console.log = (...all) => said.push(all.join(" "));
addEventListener("error", ({ message }) => { said.push(message); dispatchEvent(new Event("said")); });
</script><script type="module" src="/page.js"></script>"""


@pytest.fixture(scope="module")
def app() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def stack(app: str) -> Iterator[Stack]:
    port = free_port()
    settings = {"PUBLIC_URL": f"http://localhost:{port}", "CORS_ORIGINS": app}
    with state_folder() as state, running_stack(state, port, "try", **settings) as running:
        yield running


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context()
    yield await context.new_page()
    await context.close()


def snippets() -> list[Snippet]:
    """Those that need neither node nor a bundler."""
    shown = [snippet for snippet in snippets_of("docs/files/javascript.md") if not snippet.marked]
    return [Snippet(_LINE_OF_NODE.sub("", each.text), marked=False) for each in shown if not _OF_NODE.search(each.text)]


@asynccontextmanager
async def served(origin: str, script: str, picture: Path) -> AsyncIterator[None]:
    """Have a server at that origin, which a browser takes for as near as the stack."""
    app = web.Application()

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=_PAGE, content_type="text/html")

    async def tell(_: web.Request) -> web.Response:
        return web.Response(text=script, content_type="text/javascript")

    async def give(_: web.Request) -> web.FileResponse:
        return web.FileResponse(picture)

    app.add_routes([web.get("/", show), web.get("/page.js", tell), web.get("/me.png", give)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", urlsplit(origin).port).start()
    yield
    await runner.cleanup()


async def test_every_block_prints_what_stands_beside_it(stack: Stack, app: str, page: Page, tmp_path: Path) -> None:
    Image.new("RGB", (640, 480), "teal").save(tmp_path / "me.png")
    shown = snippets()
    assert len(shown) > 20
    script = _CHOSEN + program_of(shown, f"http://localhost:{stack.port}") + '\ndispatchEvent(new Event("said"));\n'
    async with served(app, script, tmp_path / "me.png"):
        await page.goto(f"{app}/")
        said = await page.evaluate("async () => { await done; return said.join('\\n'); }")
    assert printed_by_each(said) == [snippet.promises for snippet in shown]
