"""A parser for what comes next over a server's connection, whose last one is amid a body that went past it.

Rests on private names of aiohttp's RequestHandler: tests/unit/gateway/downstream/test_aiohttp.py.
"""

from aiohttp import web
from aiohttp.http import HttpRequestParser
from aiohttp.web_protocol import RequestPayloadError


def fresh_parser(handler: web.RequestHandler) -> HttpRequestParser:
    """Return one that is as strict as that which the connection began with. It unpacks no body."""
    return HttpRequestParser(
        handler,
        handler._loop,  # noqa: SLF001  as said above
        handler._read_bufsize,  # noqa: SLF001  as said above
        max_line_size=handler.max_line_size,
        max_field_size=handler.max_field_size,
        max_headers=handler.max_headers,
        payload_exception=RequestPayloadError,
        auto_decompress=False,
        max_msg_queue_size=handler._max_msg_queue_size,  # noqa: SLF001  as said above
    )
