"""FastAPI with httpx behind it, as everyone writes it; run by the interpreter of the peers' venv."""

import os
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx  # type: ignore[import-not-found,unused-ignore]  # in the peers' venv
import jwt
import uvicorn  # type: ignore[import-not-found,unused-ignore]  # in the peers' venv
from fastapi import Depends, FastAPI, HTTPException, Request, Response  # type: ignore[import-not-found,unused-ignore]

_KEY, _ALGORITHM = os.environ["KEY"], os.environ["ALGORITHM"]
_LIMIT = int(os.environ["LIMIT"])
_counts: Counter[int] = Counter()
_taken: defaultdict[tuple[str, int], int] = defaultdict(int)


@asynccontextmanager
async def _lifespan(app: Any) -> AsyncIterator[None]:
    limits = httpx.Limits(max_connections=128, max_keepalive_connections=128)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{os.environ['UPSTREAM']}", limits=limits) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=_lifespan)


async def _user(request: Request) -> str:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(
            token, _KEY, algorithms=[_ALGORITHM], audience=os.environ["AUDIENCE"], issuer=os.environ["ISSUER"]
        )
    except jwt.InvalidTokenError as exc:
        raise HTTPException(401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}) from exc
    subject, minute = str(claims["sub"]), int(time.time() // 60)
    _taken[subject, minute] += 1
    if _taken[subject, minute] > _LIMIT:
        raise HTTPException(429)
    return subject


@app.api_route("/mine/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])  # type: ignore[untyped-decorator,unused-ignore]
async def forward(path: str, request: Request, user: str = Depends(_user)) -> Response:
    headers = {"X-User-Id": user, "X-Request-Id": str(uuid4()), "Accept": request.headers.get("Accept", "*/*")}
    answer = await request.app.state.client.request(
        request.method, f"/mine/{path}", headers=headers, content=await request.body()
    )
    _counts[answer.status_code] += 1
    return Response(answer.content, answer.status_code, media_type=answer.headers.get("Content-Type"))


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=False, log_level="warning")
