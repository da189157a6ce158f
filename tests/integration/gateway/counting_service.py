"""`python -m tests.integration.gateway.counting_service`: a service that answers after a moment and tells its process.

It runs as every service of ours does, by shared.serve, and has no store: what it is for is being stopped.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import msgspec
from aiohttp import web

from shared.identity import Verifier, load_trust
from shared.lifecycle import Lifecycle
from shared.serve import Apps, serve
from shared.settings import Env, ProcessSettings, load
from shared.web.app import private_app, public_app
from shared.web.routes import Auth, Route

NAME = "user_service"


class Answered(msgspec.Struct):
    process: int


async def answer(_request: web.Request) -> Answered:
    await asyncio.sleep(0.005)  # some work: there are requests in flight when the process is told to stop
    return Answered(os.getpid())


ROUTES = [Route(method, "/open", answer, Auth.PUBLIC) for method in ("GET", "POST", "PATCH")]


@dataclass(frozen=True, slots=True)
class _Settings:
    process: ProcessSettings

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(ProcessSettings.from_env(env, NAME, 8082))


def main() -> int:
    settings = load(_Settings)
    verifier = Verifier(load_trust(settings.process.trust_file), NAME)

    @asynccontextmanager
    async def opened(lifecycle: Lifecycle) -> AsyncIterator[Apps]:
        yield Apps(public_app("Counting", ROUTES, verifier, lifecycle), private_app([], verifier, {}, lifecycle))

    return serve(settings.process, opened)


if __name__ == "__main__":
    raise SystemExit(main())
