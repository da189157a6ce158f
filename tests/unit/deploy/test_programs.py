"""What a program that doesn't get ready says of itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from deploy.local.programs import Program

WRONG = b'{"ready": false, "checks": {"database": "ok", "storage": "InvalidAccessKeyId", "keys": "unknown"}}'


@contextmanager
def answering(status: int, body: bytes) -> Iterator[Program]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Nobody wants to know."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Program("file_service", {"PRIVATE_PORT": str(server.server_port)}, Path("log"))
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body", "ready", "complaint"),
    [
        (200, b'{"ready": true, "checks": {"database": "ok"}}', True, ""),
        (503, WRONG, False, "storage: InvalidAccessKeyId; keys: unknown"),
        (503, b"down", False, ""),
        (401, b'{"title": "who?"}', False, ""),
    ],
)
def test_program_says_which_of_its_checks_fail(status: int, body: bytes, ready: bool, complaint: str) -> None:  # noqa: FBT001  a parameter
    with answering(status, body) as program:
        assert (program.ready(), program.complaint()) == (ready, complaint)


def test_program_that_doesnt_listen_says_nothing() -> None:
    program = Program("file_service", {"PRIVATE_PORT": "9"}, Path("log"))
    assert (program.ready(), program.complaint()) == (False, "")
