"""What the fast lane and resting connections take for granted of aiohttp's private parts. Where an upgrade fails here,
read its RequestHandler anew, change client.py and resting.py of gateway/downstream if it must be, and only then the
version here.
"""

import hashlib
import inspect

import aiohttp
from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

PRIVATE = (
    "_buffer_paused", "_cache", "_close", "_force_close", "_handler_waiter", "_keepalive_handle", "_keepalive_timeout",
    "_manager", "_max_msg_queue_size", "_messages", "_msg_queue_resume_size", "_next_keepalive_close_time", "_parser",
    "_read_bufsize", "_reading_paused", "_request_in_progress", "_task_handler", "_upgraded", "_waiter",
)  # fmt: skip
READ = (
    "__init__",
    "connection_made",
    "connection_lost",
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
    assert hashlib.sha256(code.encode()).hexdigest()[:16] == "02c53a7c5d9eb464"
