"""The services' API descriptions: fetched when asked for, merged, and kept for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from gateway.pages.openapi import Json, merge
from shared.errors import AppError, Unavailable
from shared.logs import log
from shared.site import PRODUCT

Fetch = Callable[[str], Awaitable[Json]]

_FRESH_SECONDS = 30.0
_RETRY_SECONDS = 2.0  # how soon a service that failed to answer is asked again
_PATIENCE = 2.0  # seconds for one service


class Documents:
    """`fetch` returns the document of the upstream it is given. A service that is down is described as last known."""

    def __init__(self, fetch: Fetch, upstreams: Sequence[str], public_url: str, title: str = PRODUCT) -> None:
        self._fetch = fetch
        self._upstreams = tuple(upstreams)
        self._public_url = public_url
        self._title = title
        self._known: dict[str, Json] = {}
        self._merged = b""
        self._fresh_until = 0.0
        self._lock = asyncio.Lock()

    async def merged(self) -> bytes:
        """The merged document as JSON; Unavailable while a service has never answered."""
        async with self._lock:
            if time.monotonic() >= self._fresh_until:
                await self._refresh()
        return self._merged

    async def _refresh(self) -> None:
        answered = await asyncio.gather(*map(self._ask, self._upstreams))
        missing = [name for name in self._upstreams if name not in self._known]
        if missing:
            raise Unavailable(f"Not all services have described themselves yet: {', '.join(missing)}.", retry_after=2)
        document = merge([self._known[name] for name in self._upstreams], self._public_url, self._title)
        self._merged = msgspec.json.encode(document)
        self._fresh_until = time.monotonic() + (_FRESH_SECONDS if all(answered) else _RETRY_SECONDS)

    async def _ask(self, upstream: str) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE):
                self._known[upstream] = await self._fetch(upstream)
        except (AppError, OSError, msgspec.MsgspecError) as exc:
            log.warning(
                "api_description_missing",
                **{"service.target.name": upstream, "event.reason": f"{type(exc).__name__}: {exc}"},
            )
            return False
        return True
