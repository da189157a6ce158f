"""An authenticating proxy on aiohttp's two frameworks, as everyone writes it: verifies each token and forwards."""

import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from time import time
from uuid import uuid4

import aiohttp
import jwt
import uvloop
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

_SESSION = web.AppKey("session", aiohttp.ClientSession)
_counts: Counter[int] = Counter()
_taken: defaultdict[tuple[str, int], int] = defaultdict(int)


def _load_key() -> ec.EllipticCurvePublicKey:
    key = load_pem_public_key(os.environ["KEY"].encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


_KEY = _load_key()


async def _session(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), auto_decompress=False) as session:
        app[_SESSION] = session
        yield


def _user(request: web.Request) -> str:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(
            token, _KEY, algorithms=["ES256"], audience=os.environ["AUDIENCE"], issuer=os.environ["ISSUER"]
        )
    except jwt.InvalidTokenError as exc:
        raise web.HTTPUnauthorized from exc
    subject: str = claims["sub"]
    _taken[subject, int(time() // 60)] += 1
    if _taken[subject, int(time() // 60)] > int(os.environ["LIMIT"]):
        raise web.HTTPTooManyRequests
    return subject


async def _forward(request: web.Request) -> web.Response:
    headers = {
        "X-User-Id": _user(request),
        "X-Request-Id": str(uuid4()),
        "Accept": request.headers.get("Accept", "*/*"),
    }
    url = f"http://127.0.0.1:{os.environ['UPSTREAM']}{request.path_qs}"
    async with request.app[_SESSION].request(request.method, url, headers=headers) as answer:
        body = await answer.read()
        _counts[answer.status] += 1
        return web.Response(status=answer.status, body=body, content_type=answer.content_type)


def main() -> None:
    app = web.Application()
    app.cleanup_ctx.append(_session)
    app.router.add_route("*", "/mine/{tail:.*}", _forward)
    web.run_app(
        app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None, print=None, loop=uvloop.new_event_loop()
    )


if __name__ == "__main__":
    main()
