"""Asks upstreams for their OpenAPI documents."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.authentication.identity import Assertions
from gateway.upstreams.pool import Pool
from gateway.upstreams.requests import UpstreamRequest
from shared.errors import Unavailable

_PATIENCE = 5.0  # seconds
_OK = 200


class Descriptions:
    def __init__(self, pools: Mapping[str, Pool], assertions: Assertions) -> None:
        self._pools = pools
        self._assertions = assertions

    async def fetch(self, upstream: str) -> dict[str, Any]:
        """Return the document of `upstream`. Raises an AppError, or msgspec.DecodeError for what is none."""
        pool = self._pools[upstream]
        headers = [(b"Host", pool.authority), self._assertions.header(None, upstream)]
        exchange = await pool.exchange(UpstreamRequest("GET", "/openapi.json", headers, _PATIENCE))
        try:
            if exchange.status != _OK:
                raise Unavailable(f"{upstream} didn't describe itself.")
            body = b""
            while data := await exchange.read():
                body += data
        finally:
            await exchange.end()
        return msgspec.json.decode(body, type=dict[str, Any])
