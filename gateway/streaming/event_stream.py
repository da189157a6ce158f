"""Server-Sent Events on their way through: an answer without an end, passed on event by event."""

import asyncio

from gateway.context import RequestContext
from gateway.downstream.answer import Answer
from gateway.errors import UpstreamTimeout
from gateway.streaming.streams import EndedBy, OpenStream, stopped
from gateway.upstreams.answers import Header
from gateway.upstreams.exchange import Exchange
from shared.errors import AppError

_TYPE = b"text/event-stream"


def is_event_stream(exchange: Exchange) -> bool:
    return not exchange.is_complete and any(_declares(header) for header in exchange.headers)


def _declares(header: Header) -> bool:
    return header[0].lower() == b"content-type" and header[1].partition(b";")[0].strip().lower() == _TYPE


async def relay_events(exchange: Exchange, answer: Answer, stream: OpenStream, context: RequestContext) -> None:
    """Pass events on until the upstream ends them or the stream is ended for it, which its client sees as a clean end.

    A client then comes back, as EventSource does, and is told what has changed. One that breaks off breaks off here.
    """
    await answer.begin(None)
    relay = asyncio.create_task(_relay(exchange, answer, context))
    try:
        await asyncio.wait({relay, stream.ended}, return_when=asyncio.FIRST_COMPLETED)
        if relay.done():
            stream.end(relay.result())
    finally:
        await stopped(relay)
        context.sent = answer.sent
    if stream.ended_by is not EndedBy.UPSTREAM:
        exchange.cut()
    if context.error is not None:
        answer.abort()
    elif stream.ended_by is not EndedBy.UPSTREAM:
        await answer.finish()


async def _relay(exchange: Exchange, answer: Answer, context: RequestContext) -> EndedBy:
    try:
        while data := await exchange.read():
            await answer.add(data)
        await answer.end()  # the client may ask on: the head has promised it
    except UpstreamTimeout:
        return EndedBy.IDLE
    except AppError as exc:
        context.error = exc
    except TimeoutError:
        return EndedBy.STALLED
    except ConnectionError:
        return EndedBy.CLIENT
    return EndedBy.UPSTREAM
