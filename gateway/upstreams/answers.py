"""What an upstream answers, as it is parsed: one answer at a time, nothing beyond it. No I/O here."""

from collections import deque

import httptools

MAX_HEADERS = 128
MAX_HEAD = 65_536  # bytes; bounds trailers and chunk extensions too, all that comes between body bytes
INTERIM = range(100, 200)
FINAL = range(200, 600)
SWITCHING_PROTOCOLS = 101
SHORT = 65_536  # bytes
BODILESS = frozenset((204, 304))
_LENGTH_NAME, _CODING_NAME = len(b"content-length"), len(b"transfer-encoding")  # a look that most names fail already

Header = tuple[bytes, bytes]


class BadAnswer(Exception):
    """The upstream broke HTTP. `error` is a type of RFC 9209."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class AnswerParser:
    """Parses the answers of one connection: `expect` precedes each, `feed` raises BadAnswer.

    `started` says whether any byte has come, `status` is 0 until the final head is in, `chunks` holds the body bytes
    not yet taken and `buffered` their number. Bytes after a complete answer are a BadAnswer, but for one to HEAD; bytes
    after a 101 that was asked for are chunks of another protocol, until the connection's end.
    """

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.expect(to_head=False)

    def expect(self, *, to_head: bool, to_upgrade: bool = False) -> None:
        """Get ready for the answer to the next request; an answer `to_head` has no body, whatever it declares.

        One that comes nevertheless is dropped, and no other answer may follow it: many servers send one with what they
        refuse, and a failure of theirs would be anybody's to cause. Only an answer `to_upgrade` may be a 101.
        """
        self._to_head = to_head
        self._to_upgrade = to_upgrade
        self._switched = False
        self._since_body = 0
        self._header_count = 0
        self._interim = False
        self._chunked = False
        self._until_end = False
        self.started = False
        self.status = 0
        self.headers: list[Header] = []
        self.length: int | None = None
        self.chunks: deque[bytes] = deque()
        self.buffered = 0
        self._come = 0
        self.complete = False
        self.keep_alive = False

    def feed(self, data: bytes) -> None:
        if self._switched:
            self._keep(data)
            return
        self.started = True
        self._since_body += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as exc:
            if self.status != SWITCHING_PROTOCOLS:
                raise BadAnswer("http_protocol_error") from exc
            self._switched = True
            self._keep(data[exc.args[0] :])
            return
        except httptools.HttpParserError as exc:
            if self.complete and self._to_head:
                self.keep_alive = False
                return
            cause = exc.__context__
            raise cause if isinstance(cause, BadAnswer) else BadAnswer("http_protocol_error") from exc
        if self.complete:
            if self._to_head:  # the parser may still wait for the body that a HEAD's answer only declares
                self._parser = httptools.HttpResponseParser(self)
        elif self._since_body > MAX_HEAD:
            raise BadAnswer("http_response_header_section_size")

    @property
    def is_short(self) -> bool:
        """Whether the body is known to be worth waiting for, to be passed on in one piece."""
        return self.length is not None and self.length <= SHORT

    @property
    def left(self) -> int | None:
        """How many bytes of the body have yet to come; None if that isn't known."""
        return None if self.length is None or self._to_head else self.length - self._come

    def pass_over(self, count: int) -> None:
        """Know that so many bytes of the body went another way. If they weren't the last, no more may be fed."""
        self._come += count
        if self._come == self.length:
            self.complete = True
            self._parser = httptools.HttpResponseParser(self)

    def end(self, *, reset: bool = False) -> None:
        """The connection is at its end: complete an answer that lasts until then, else raise BadAnswer."""
        if self._until_end and not reset:
            self.complete = True
        if not self.complete:
            raise BadAnswer("http_response_incomplete" if self.status else "connection_terminated")

    def has(self, name: bytes, option: bytes = b"") -> bool:
        """Whether there is such a header, one that lists `option` if that is given; both in lower case."""
        return any(
            key.lower() == name and (not option or option in (each.strip() for each in value.lower().split(b",")))
            for key, value in self.headers
        )

    def take(self) -> bytes:
        """Return all body bytes that have come since the last call."""
        chunks = self.chunks
        data = chunks.popleft() if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self.buffered = 0
        return data

    def put_back(self, data: bytes) -> None:
        """Undo `take`, for a reader who was not the last."""
        self.chunks.appendleft(data)
        self.buffered += len(data)

    # What httptools calls

    def on_message_begin(self) -> None:
        if self.complete:
            raise BadAnswer("http_protocol_error")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_count += 1
        if self._header_count > MAX_HEADERS:
            raise BadAnswer("http_response_header_section_size")
        if self.status:
            return  # a trailer, which never becomes a header
        self.headers.append((name, value))
        length = len(name)
        if length == _LENGTH_NAME and name.lower() == b"content-length":
            self.length = int(value)  # digits only and once: llhttp has refused all else
        elif length == _CODING_NAME and name.lower() == b"transfer-encoding":
            if self._chunked or value.lower() != b"chunked":
                raise BadAnswer("http_response_transfer_coding")
            self._chunked = True

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        refused = status == SWITCHING_PROTOCOLS and not self._to_upgrade
        if refused or self._parser.get_http_version() not in ("1.1", "1.0"):
            raise BadAnswer("http_protocol_error")
        if status == SWITCHING_PROTOCOLS:
            self.status, self._until_end = status, True
        elif status in INTERIM:
            self._interim = True
            self.headers, self.length, self._chunked = [], None, False
        elif status in FINAL:
            self._take_head(status)
        else:
            raise BadAnswer("http_protocol_error")

    def _take_head(self, status: int) -> None:
        self.status = status
        self.keep_alive = self._parser.should_keep_alive()
        if self._to_head:
            self.complete = True
        else:
            self._until_end = self.length is None and not self._chunked and status not in BODILESS

    def on_body(self, data: bytes) -> None:
        if self.complete:
            raise BadAnswer("http_protocol_error")
        self._since_body = 0
        self._come += len(data)
        self._keep(data)

    def _keep(self, data: bytes) -> None:
        if data:
            self.chunks.append(data)
            self.buffered += len(data)

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
        elif self.status != SWITCHING_PROTOCOLS:
            self.complete = True
