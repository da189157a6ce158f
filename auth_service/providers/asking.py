"""Asks providers over HTTPS. They are others' programs: each wait and each answer is bounded, none leads elsewhere."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from auth_service.metrics import PROVIDER_REQUESTS
from shared.errors import MalformedBody, Unavailable
from shared.logs import log
from shared.web.body import parse_json

_CONNECT, _TOTAL = 4.0, 8.0  # seconds
_LARGEST = 256 * 1024  # bytes of an answer
_MOST_CONNECTIONS = 32  # to all providers together; more wait in line, within their time
_RETRY_SECONDS = 5
_AGENT = "colonnade"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: its status, and its JSON, which is an empty object where it is none that is understood."""

    status: int
    content: Any

    @property
    def ok(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def members(self) -> Json:
        return self.content if isinstance(self.content, dict) else {}


@asynccontextmanager
async def provider_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open what asks: no cookies, no proxies from the environment, no decompression, which makes much of little.

    It trusts the authorities that the system does; SSL_CERT_FILE names others, as OpenSSL has it.
    """
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_MOST_CONNECTIONS, ssl=ssl.create_default_context()),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=_TOTAL, sock_connect=_CONNECT),
        headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": _AGENT},
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield session


class Asking:
    """Asks one provider, whose `name` stands in metrics and logs."""

    def __init__(self, session: aiohttp.ClientSession, name: str) -> None:
        self._session = session
        self._name = name

    async def get(self, url: str, token: str = "") -> Told:
        """Raises Unavailable for what can't be had, and for 5xx."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self._send("GET", url, headers, None)

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Told:
        """Raises Unavailable likewise."""
        return await self._send("POST", url, headers, form)

    async def _send(self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None) -> Told:
        try:
            async with self._session.request(method, url, headers=headers, data=form, allow_redirects=False) as answer:
                told = Told(answer.status, _json(await _body(answer)))
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise self._away(url, repr(exc)) from exc
        if told.status >= HTTPStatus.INTERNAL_SERVER_ERROR or told.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._away(url, f"status {told.status}")
        PROVIDER_REQUESTS.labels(self._name, "answered").inc()
        return told

    def _away(self, url: str, why: str) -> Unavailable:
        PROVIDER_REQUESTS.labels(self._name, "unavailable").inc()
        log.warning("provider_unavailable", **{"colonnade.provider": self._name, "url.full": url, "error.message": why})
        return Unavailable("The provider can't be reached.", retry_after=_RETRY_SECONDS)

    def unusable(self, what: str, why: str) -> Unavailable:
        """Log what an operator has to look at, and return what the person is told."""
        log.error("provider_unusable", **{"colonnade.provider": self._name, "event.reason": what, "error.message": why})
        return Unavailable("The provider can't be used now.", retry_after=_RETRY_SECONDS)


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    """Return the whole body. Raises ValueError for one that is too large."""
    chunks, size = [], 0
    async for chunk in answer.content.iter_any():
        size += len(chunk)
        if size > _LARGEST:
            answer.close()
            raise ValueError(f"the answer is larger than {_LARGEST} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _json(raw: bytes) -> Any:
    """Return what it says; nothing where that is no JSON: then the status alone counts."""
    try:
        return parse_json(raw)
    except MalformedBody:
        return {}
