"""The private port's side of it."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from gateway.status.recorder import EVERY, Recorder, Source
from gateway.status.watch import Watch
from shared.lifecycle import background
from shared.web.pages.templates import STATIC

ROOT = "/status"
_OWN = Path(__file__).parent / "static"
_ASSETS = {
    STATIC / "colonnade.css": "text/css",
    STATIC / "colonnade.svg": "image/svg+xml",
    _OWN / "status.css": "text/css",
    _OWN / "status.js": "text/javascript",
}


class StatusPage:
    """`urls` are the services' private ports, by program; `headers` are what every page of ours carries."""

    def __init__(self, recorder: Recorder, urls: Mapping[str, str], headers: Iterable[tuple[str, str]]) -> None:
        self._recorder = recorder
        self._watch = Watch(urls)
        self._headers = {**dict(headers), "Cache-Control": "no-store"}

    def routes(self) -> list[web.RouteDef]:
        assets = [web.get(f"{ROOT}/assets/{path.name}", self._asset) for path in _ASSETS]
        return [web.get(ROOT, self._show), web.get(f"{ROOT}/", self._show), *assets]

    async def _show(self, request: web.Request) -> web.Response:
        from gateway.status.page import draw_page  # noqa: PLC0415  most processes are never asked for it

        host, port = request.get_extra_info("sockname")[:2]
        own = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        text = await draw_page(self._recorder, await self._watch.look(own), ROOT)
        return web.Response(text=text, content_type="text/html", headers=self._headers)

    async def _asset(self, request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]
        path, kind = next((path, kind) for path, kind in _ASSETS.items() if path.name == name)
        return web.Response(body=path.read_bytes(), content_type=kind, headers={"Cache-Control": "no-cache"})


@asynccontextmanager
async def open_status(
    source: Source, urls: Mapping[str, str], headers: Iterable[tuple[str, str]]
) -> AsyncIterator[list[web.RouteDef]]:
    """Yield the routes of the page, whose history is noted until the block ends."""
    recorder = Recorder(source)
    async with background("note the status", recorder.note, every=EVERY):
        yield StatusPage(recorder, urls, headers).routes()
