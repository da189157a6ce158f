"""Asks another program for its events, signed with this process's own key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID

import aiohttp
import msgspec

from shared.errors import NotFound, Unavailable
from shared.events.model import EVENTS_PATH, FeedPage, ResyncRequired, SnapshotPage
from shared.identity import HEADER, Signer
from shared.spans.calls import calling

T = TypeVar("T")

_PATIENCE = 10.0  # seconds beyond the wait that was asked for
_WAIT = 25.0  # seconds
_CHUNK = 65_536
_STALL = 60.0  # seconds that a streamed answer may send nothing


class InternalClient:
    """Speaks to the private port of `audience` at `base_url`."""

    def __init__(self, session: aiohttp.ClientSession, signer: Signer, base_url: str, audience: str) -> None:
        self._session = session
        self._signer = signer
        self._base_url = base_url
        self._audience = audience

    async def get(self, path: str, params: dict[str, str] | None = None, *, patience: float = _PATIENCE) -> bytes:
        """Return the answer's body. Raises Unavailable, or ResyncRequired for a 410."""
        return await self._send("GET", path, params, None, patience)

    async def post(self, path: str, body: object) -> bytes:
        """Send `body` as JSON and return the answer's body. Raises Unavailable."""
        return await self._send("POST", path, None, msgspec.json.encode(body), _PATIENCE)

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Lend the answer's body as it comes, at the reader's pace. Raises NotFound for a 404, or Unavailable.

        Unavailable is also what the body raises where it breaks off.
        """
        timeout = aiohttp.ClientTimeout(total=None, connect=_PATIENCE, sock_read=_STALL)
        try:
            with calling(self._audience, "GET") as headers:
                headers[HEADER] = self._signer.sign_self(self._audience)
                request = self._session.get(
                    self._base_url + path, headers=headers, timeout=timeout, allow_redirects=False
                )
                async with request as response:
                    if response.status == HTTPStatus.NOT_FOUND:
                        raise NotFound
                    if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                        raise Unavailable(f"{self._audience} answered {response.status}.")
                    yield response.content.iter_chunked(_CHUNK)
        except (aiohttp.ClientError, OSError) as exc:
            raise Unavailable(f"{self._audience} doesn't answer.") from exc

    async def events(self, after: int, epoch: UUID, wait: float = _WAIT) -> FeedPage:
        """Return what comes behind `after`, perhaps nothing. Raises Unavailable or ResyncRequired."""
        params = {"after": str(after), "epoch": str(epoch), "wait": str(wait)}
        return self.decode(await self.get(EVENTS_PATH, params, patience=wait + _PATIENCE), FeedPage)

    async def snapshot(self, path: str, after: UUID) -> SnapshotPage:
        """Return one page of the ids that exist behind `after`. Raises Unavailable."""
        return self.decode(await self.get(path, {"after": str(after)}), SnapshotPage)

    def decode(self, content: bytes, kind: type[T]) -> T:
        """Return an answer's body as `kind`. Raises Unavailable for what isn't one."""
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.DecodeError as exc:
            raise Unavailable(f"{self._audience} answers in a way that isn't understood.") from exc

    async def _send(
        self, method: str, path: str, params: dict[str, str] | None, body: bytes | None, patience: float
    ) -> bytes:
        own = {HEADER: self._signer.sign_self(self._audience)}
        if body is not None:
            own["Content-Type"] = "application/json"
        timeout = aiohttp.ClientTimeout(total=patience, connect=_PATIENCE)
        try:
            with calling(self._audience, method) as carried:
                async with self._session.request(
                    method,
                    self._base_url + path,
                    params=params,
                    data=body,
                    headers=carried | own,
                    timeout=timeout,
                    allow_redirects=False,  # the assertion is for this address alone
                ) as response:
                    content = await response.read()
        except (aiohttp.ClientError, OSError) as exc:
            raise Unavailable(f"{self._audience} doesn't answer.") from exc
        if response.status == ResyncRequired.status:
            raise ResyncRequired
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise Unavailable(f"{self._audience} answered {response.status}.")
        return content
