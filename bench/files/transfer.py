"""A client that costs little: bytes through a plain socket, one request after the other on a connection."""

import json
import os
import socket
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPResponse
from typing import Any, Self

from bench.processes import Failed

MIB = 1 << 20
_BLOCK = os.urandom(MIB)
_BUFFER = bytearray(MIB)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection. Every method raises Failed for an answer that isn't a success."""

    def __init__(self, port: int, token: str = "") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._authorization = f"Authorization: Bearer {token}\r\n" if token else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._socket.close()

    def send(self, method: str, target: str, size: int, **headers: str) -> Reply:
        """Send a body of `size` bytes, and return the answer."""
        self._begin(method, target, size, headers)
        for start in range(0, size, MIB):
            self._socket.sendall(_BLOCK if size - start >= MIB else _BLOCK[: size - start])
        return self._reply(method)

    def exchange(self, method: str, target: str, body: bytes = b"", **headers: str) -> Reply:
        self._begin(method, target, len(body), headers)
        self._socket.sendall(body)
        return self._reply(method)

    def seconds_to_download(self, target: str, size: int) -> float:
        """Return how long it took to read `size` bytes, and drop them."""
        began = time.perf_counter()
        self._begin("GET", target, 0, {})
        response = HTTPResponse(self._socket, method="GET")
        response.begin()
        got = 0
        while received := response.readinto(_BUFFER):
            got += received
        if (response.status, got) != (HTTPStatus.OK, size):
            raise Failed(f"the download of {target} gave {response.status} and {got} bytes")
        return time.perf_counter() - began

    def _begin(self, method: str, target: str, size: int, headers: dict[str, str]) -> None:
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self._authorization}{more}"
        self._socket.sendall(f"{head}Content-Length: {size}\r\n\r\n".encode())

    def _reply(self, method: str) -> Reply:
        response = HTTPResponse(self._socket, method=method)
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        reply = Reply(response.status, headers, response.read())
        if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise Failed(f"{method} was answered by {reply.status}: {reply.body[:300]!r}")
        return reply
