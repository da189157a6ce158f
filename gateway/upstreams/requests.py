"""What the gateway asks of an upstream, and its form on the wire."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass

from gateway.kernel_relay import Source
from gateway.upstreams.answers import Header

Body = bytes | AsyncGenerator[bytes, None]  # whole, or as it arrives

IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))
SILENCE = 60.0  # seconds
TIMEOUT = b"X-Request-Timeout-Ms"
LAST_CHUNK = b"0\r\n\r\n"
_BODY_EXPECTED = frozenset(("POST", "PUT", "PATCH"))


@dataclass(slots=True)
class UpstreamRequest:
    """`headers` come without framing: that follows from `body` and `length` (None: unknown before its end).

    `target` is the origin-form, path and query. In seconds, `timeout` is for the whole exchange, and `silence` for how
    long the upstream may neither take nor give a byte; before the head of its answer, `head_timeout`. `retries` is how
    often it may be sent again, if that does no harm. `upgrade` asks for another protocol, on a connection of its own.
    `source` is where `body` comes from, for what may be left to the kernel.
    """

    method: str
    target: str
    headers: Sequence[Header]
    timeout: float
    body: Body = b""
    length: int | None = 0
    silence: float = SILENCE
    upgrade: bool = False
    head_timeout: float = SILENCE
    retries: int = 2
    source: Source | None = None

    @property
    def is_repeatable(self) -> bool:
        """Sending it twice is allowed and does no harm, and nothing of it has been consumed."""
        return self.retries > 0 and self.method in IDEMPOTENT and self.body == b""

    @property
    def is_chunked(self) -> bool:
        return self.length is None

    def head(self, seconds_left: float) -> bytes:
        """Return it with the time after which nobody waits for the answer any more: a duration, as clocks differ."""
        framing: list[Header] = [(TIMEOUT, b"%d" % max(1, int(seconds_left * 1000)))]
        if self.length is None:
            framing.append((b"Transfer-Encoding", b"chunked"))
        elif self.length or self.method in _BODY_EXPECTED:
            framing.append((b"Content-Length", b"%d" % self.length))
        line = f"{self.method} {self.target} HTTP/1.1\r\n".encode("ascii")
        return b"%b%b\r\n" % (line, lines_of((*self.headers, *framing)))


def lines_of(headers: Iterable[Header]) -> bytes:
    """Return headers as they go over the wire, a line break after each. Raises ValueError where one holds a break."""
    lines = [*map(b": ".join, headers), b""]
    joined = b"\r\n".join(lines)
    if joined.count(b"\n") != len(lines) - 1:
        raise ValueError("a header holds a line break")
    return joined


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
