"""One kind of request, and how its right answer is known."""

import gzip
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPResponse

from bench.processes import Failed

USERS = 256


@dataclass(frozen=True, slots=True)
class Work:
    """`holds` is in the answer's body, or in each of its `items`, where it has that many."""

    requests: Sequence[bytes]
    holds: str
    items: int | None = None

    def prove(self, port: int) -> None:
        """Send the first request. Raises Failed unless the answer is right."""
        status, body = exchange(port, self.requests[0])
        if status != HTTPStatus.OK or not self._is_right(body):
            raise Failed(f"not the answer to {self.requests[0][:60]!r}: {status} {body[:300]!r}")

    def _is_right(self, body: bytes) -> bool:
        if self.items is None:
            return self.holds in body.decode()
        items = json.loads(body)["items"]
        return len(items) == self.items and all(self.holds in json.dumps(item).lower() for item in items)


def exchange(port: int, request: bytes) -> tuple[int, bytes]:
    """Send a request and return the answer's status and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        response = HTTPResponse(connection)
        response.begin()
        body = response.read()
    return response.status, gzip.decompress(body) if response.getheader("Content-Encoding") == "gzip" else body
