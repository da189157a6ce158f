"""A program of two routes, started as all are: `python -m tests.integration.shared.tiny_program FAILURE`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Self

from aiohttp import web

from shared.identity import Verifier, load_trust
from shared.lifecycle import Lifecycle, background
from shared.serve import Apps, serve
from shared.settings import Env, ProcessSettings, load
from shared.web.app import private_app, public_app
from shared.web.routes import Auth, Route

NAME = "tiny"


@dataclass(frozen=True, slots=True)
class Settings:
    process: ProcessSettings

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(ProcessSettings.from_env(env, NAME, 8099))


async def rest(request: web.Request) -> web.StreamResponse:
    """Tell that it has begun, rest, and finish."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"begun ")
    await asyncio.sleep(0.8)
    await response.write(b"done")
    return response


async def hello(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="hello")


ROUTES = (Route("GET", "/rest", rest, Auth.PUBLIC), Route("GET", "/hello", hello, Auth.PUBLIC))


@asynccontextmanager
async def open_program(settings: Settings, failure: str, lifecycle: Lifecycle) -> AsyncIterator[Apps]:
    async def never_well() -> None:
        raise ConnectionError("always")

    if failure == "start":
        raise ValueError("the first line\nand the second")
    verifier = Verifier(load_trust(settings.process.trust_file), NAME)
    async with background("never well", never_well):
        yield Apps(public_app("Tiny", ROUTES, verifier, lifecycle), private_app((), verifier, {}, lifecycle))
    if failure == "end":
        raise ValueError("the end failed")


if __name__ == "__main__":
    loaded = load(Settings)
    raise SystemExit(serve(loaded.process, partial(open_program, loaded, sys.argv[1])))
