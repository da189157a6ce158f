"""What the gateway is measured against: an authenticating proxy on aiohttp's two frameworks, as everyone writes it."""

import json
import os
from collections.abc import AsyncIterator

import aiohttp
import jwt
import uvloop
from aiohttp import web
from jwt.algorithms import ECAlgorithm

_KEY = ECAlgorithm(ECAlgorithm.SHA256).from_jwk(json.loads(os.environ["JWK"]))
_SESSION = web.AppKey("session", aiohttp.ClientSession)


async def _session(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), auto_decompress=False) as session:
        app[_SESSION] = session
        yield


async def _forward(request: web.Request) -> web.Response:
    token = request.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, _KEY, algorithms=["ES256"], audience="colonnade", issuer=os.environ["PUBLIC_URL"])  # type: ignore[arg-type]  # a public key
    headers = {"X-User-Id": claims["sub"], "Accept": request.headers.get("Accept", "*/*")}
    url = os.environ["USER_URL"] + request.path_qs
    async with request.app[_SESSION].request(request.method, url, headers=headers) as answer:
        body = await answer.read()
        return web.Response(status=answer.status, body=body, content_type=answer.content_type)


def main() -> None:
    app = web.Application()
    app.cleanup_ctx.append(_session)
    app.router.add_route("*", "/{tail:.*}", _forward)
    web.run_app(
        app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None, print=None, loop=uvloop.new_event_loop()
    )


if __name__ == "__main__":
    main()
