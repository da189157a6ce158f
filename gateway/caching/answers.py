"""Sending what the cache has, or what it has got and may not keep."""

import time
from dataclasses import replace
from http import HTTPStatus

from gateway.cache.conditions import has_already
from gateway.cache.entry import Entry
from gateway.cache.metrics import SERVED_BYTES
from gateway.cache.present import not_modified, present
from gateway.cache.status import CacheStatus
from gateway.caching.requests import Asked
from gateway.downstream.answer import Answer
from gateway.edge.headers import downstream_headers
from gateway.errors import AnswerTimeout
from gateway.forwarding import Forwarder
from gateway.responder import Responder
from gateway.upstreams.exchange import Exchange

_PIECE = 65_536  # bytes; a body beyond that waits for its client piece by piece, held once for all


class CachedAnswers:
    def __init__(self, forwarder: Forwarder, responder: Responder) -> None:
        self._forwarder = forwarder
        self._responder = responder

    async def send(self, asked: Asked, entry: Entry, status: CacheStatus) -> Answer:
        """Send what is kept; `status` tells how it came here."""
        age = max(0.0, time.time() - entry.born)
        asked.context.headers.append(replace(status, ttl=entry.terms.lifetime - age).header())
        is_new = status.answered != 0 and not status.collapsed and age < 1
        shown = present(entry, asked.request.method, asked.headers, None if is_new else age)
        headers = [*shown.headers, ("Content-Length", str(len(shown.body)))]
        answer = self._forwarder.respond(asked.request, asked.context, asked.admitted, shown.status, headers)
        try:
            await _send(answer, shown.body)
        except TimeoutError:
            asked.context.error = AnswerTimeout()
            answer.abort()
        finally:
            asked.context.sent = answer.sent
            if not status.forwarded:
                SERVED_BYTES.labels(asked.context.route).inc(answer.sent)
        return answer

    async def pass_on(self, asked: Asked, exchange: Exchange, forwarded: str) -> Answer:
        """Send an answer that isn't kept as it comes, unless its client has it, and end the exchange."""
        asked.context.headers.append(CacheStatus(forwarded, answered=exchange.status).header())
        try:
            headers = downstream_headers(exchange.headers)
            if exchange.status == HTTPStatus.OK and has_already(asked.headers, headers):
                answer = self._responder.answer(asked.request, asked.context, 304, not_modified(headers))
                await answer.send(b"")
                return answer
            return await self._forwarder.relay(asked.request, asked.context, asked.admitted, exchange)
        finally:
            await exchange.end()


async def _send(answer: Answer, body: bytes) -> None:
    if len(body) <= _PIECE:
        await answer.send(body)
        return
    await answer.begin(len(body))
    for start in range(0, len(body), _PIECE):
        await answer.add(body[start : start + _PIECE])
    await answer.end()
