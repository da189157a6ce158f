"""What the gateway needs of auth_service, in a process of its own: the keys, and a feed in which nothing happens."""

import os

import uvloop
from aiohttp import web

from tests.unit.gateway.authentication.auth_feed import AuthFeed


async def _publish(_request: web.Request) -> web.Response:
    return web.Response(text=os.environ["JWKS"])


def main() -> None:
    app = AuthFeed().app()
    app.router.add_get("/.well-known/jwks.json", _publish)
    port = int(os.environ["PORT"])
    web.run_app(
        app,
        host="127.0.0.1",
        port=port,
        access_log=None,
        print=None,
        shutdown_timeout=0.1,
        loop=uvloop.new_event_loop(),
    )


if __name__ == "__main__":
    main()
