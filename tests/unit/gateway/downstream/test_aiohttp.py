"""What the fast lane takes for granted of aiohttp's private parts. Where an upgrade fails here, read its RequestHandler
anew, change gateway/downstream/client.py if it must be, and only then the version here.
"""

import hashlib
import inspect

import aiohttp
from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

PRIVATE = (
    "_buffer_paused", "_close", "_force_close", "_handler_waiter", "_keepalive_handle", "_keepalive_timeout",
    "_messages", "_msg_queue_resume_size", "_next_keepalive_close_time", "_parser", "_request_in_progress", "_waiter",
)  # fmt: skip
READ = (
    "data_received",
    "start",
    "close",
    "force_close",
    "shutdown",
    "_process_keepalive",
    "_resume_reading_if_drained",
)


def test_version_is_the_one_that_was_read() -> None:
    assert aiohttp.__version__ == "3.14.5"


def test_names_that_are_used_are_there() -> None:
    names = {name for kind in RequestHandler.__mro__ for name in vars(kind)}
    assert not {*PRIVATE, *READ} - names
    assert hasattr(RawRequestMessage, "should_close")


def test_code_that_was_read_is_the_code_that_runs() -> None:
    code = "".join(inspect.getsource(getattr(web.RequestHandler, name)) for name in READ)
    assert hashlib.sha256(code.encode()).hexdigest()[:16] == "d706d362980a7cd9"
