"""A service of your own behind the gateway, in Python with aiohttp and PyJWT.

It believes X-Identity and nothing else: no network, no other header, no token of a client's. It answers who asks and
how many bytes came; below /v1/documents it says that answers may be kept, and a WebSocket gets back what it sends.
"""

import asyncio
import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import jwt
from aiohttp import WSMsgType, web
from jwt.types import Options

NAME = os.environ.get("NAME", "notes")  # the upstream's name in the route file, and so the audience of assertions
MAX_TTL = 60  # seconds
LONGEST = 8192  # characters
LEEWAY = 5  # seconds of clock difference that we put up with
DRAIN = 1.0  # seconds for which a stopping service answers on: then no request is lost, POSTs included
KEEP_ALIVE = 75.0  # seconds, longer than the gateway keeps an idle connection (30): closing first would cost a request
COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")  # the last part: the 64 bytes of ES256

# Only the gateway speaks for people, so only its keys are read from the trust file.
TRUSTED = json.loads(Path(os.environ["TRUST_FILE"]).read_bytes())["gateway"]
KEYS = {key.key_id: key for key in jwt.PyJWKSet.from_dict(TRUSTED).keys}
PINNED: Options = {"require": ["iat", "exp", "aud", "iss", "kind"], "strict_aud": True}
STOPPING = asyncio.Event()


def identify(values: list[str]) -> dict[str, Any] | None:
    """Return the claims of a genuine assertion that the gateway made for this service, or None."""
    try:
        (token,) = values
        if len(token) > LONGEST or not COMPACT.fullmatch(token):
            return None
        header = jwt.get_unverified_header(token)
        if header.get("typ") != "identity+jwt" or "crit" in header:
            return None
        key = KEYS[header["kid"]]
        claims: dict[str, Any] = jwt.decode(
            token, key, ["ES256"], PINNED, audience=NAME, issuer="gateway", leeway=LEEWAY
        )
    except (ValueError, KeyError, TypeError, jwt.PyJWTError):  # two headers, an unknown key, another shape
        return None
    is_one = claims["kind"] == "anonymous" or (claims["kind"] == "user" and bool(claims.get("sub")))
    return claims if is_one and claims["exp"] - claims["iat"] <= MAX_TTL else None


async def answer(request: web.Request) -> web.StreamResponse:
    identity = identify(request.headers.getall("X-Identity", []))
    if identity is None:
        problem = {
            "type": "about:blank",
            "title": "Authentication is required",
            "status": 401,
            "code": "unauthenticated",
        }
        return web.json_response(problem, status=401, content_type="application/problem+json")
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return await echo(request)
    size = 0
    async for piece in request.content.iter_any():
        size += len(piece)
    is_user = identity["kind"] == "user"
    told = {
        "kind": identity["kind"],
        "user_id": identity["sub"] if is_user else None,
        "scopes": identity.get("scope", "").split(),
        "path": request.path_qs,
        "bytes": size,
        "at": int(time.time()),
        "pid": os.getpid(),
    }
    response = web.json_response(told, headers=kept() if request.path.startswith("/v1/documents") else {})
    if STOPPING.is_set():
        response.force_close()  # the gateway then opens no further request on this connection
    return response


def kept() -> dict[str, str]:
    return {"Cache-Control": "max-age=60, stale-while-revalidate=30, stale-if-error=3600", "ETag": '"7f3a"'}


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=("chat",))
    await socket.prepare(request)
    await socket.send_str("welcome")
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def serve() -> None:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, keepalive_timeout=KEEP_ALIVE, shutdown_timeout=10)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", int(os.environ.get("PORT", "9000")))
    await site.start()
    print(f"{NAME} listens on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, STOPPING.set)
    await STOPPING.wait()
    await asyncio.sleep(DRAIN)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
