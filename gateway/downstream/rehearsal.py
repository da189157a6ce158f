"""A request read as the server would read it off a connection, without a connection."""

import asyncio

from aiohttp import http_exceptions, web
from aiohttp.http import StreamWriter
from aiohttp.http_parser import HttpRequestParser

from gateway.downstream.request import Request
from gateway.downstream.server import MAX_FIELD, MAX_HEADERS, MAX_LINE, named
from shared.errors import BadRequest

_BUFFER = 65_536


def read_head(head: bytes) -> Request:
    """Return the request that has this head, without its body. Raises what the server would answer with."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    protocol = web.Server(_unasked)()
    parser = HttpRequestParser(
        protocol,
        loop,
        _BUFFER,
        max_line_size=MAX_LINE,
        max_field_size=MAX_FIELD,
        max_headers=MAX_HEADERS,
        auto_decompress=False,
    )
    try:
        messages, _, _ = parser.feed_data(head)
    except http_exceptions.HttpProcessingError as exc:
        raise named(exc) from exc
    if len(messages) != 1:
        raise BadRequest("This is not the head of one HTTP/1.1 request.")
    message, payload = messages[0]
    return Request(message, payload, protocol, StreamWriter(protocol, loop), task, loop)


async def _unasked(_request: web.BaseRequest) -> web.StreamResponse:
    raise NotImplementedError  # nothing ever arrives there
