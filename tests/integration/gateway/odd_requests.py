"""Requests whose framing two servers might read differently, each with a token of its own in its path."""

from dataclasses import dataclass

from hypothesis import strategies as st

SMUGGLED = b"GET /open/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
LAST = b"GET /open/last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

_METHODS = st.sampled_from([b"GET", b"POST", b"POST", b"POST", b"PUT", b"get", b"DELETE"])
_VERSIONS = st.sampled_from([b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/01.1", b"http/1.1", b""])
_TARGETS = st.sampled_from(["/open/{}"] * 8 + ["http://h/open/{}", "/open/{}?a=b", "//open/{}", "/open/{} x", "*"])
_ENDS = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"\r\r\n", b" \r\n"])
_BODIES = st.one_of(
    st.just(SMUGGLED),
    st.just(b""),
    st.sampled_from([b"x", b"0\r\n\r\n", b"0\r\n\r\n" + SMUGGLED, b"\r\n", b"\0"]),
    st.binary(max_size=20),
)
_ODD_HEADERS = st.sampled_from(
    [
        b"X: a\r\n b",
        b"X: a\r\n\tb",
        b": empty",
        b"X",
        b"X :a",
        b"X: a\0b",
        b"X: a\rb",
        b"X: \x7f",
        b" X: a",
        b"X: \xff",
        b"Host: h",
        b"Host: other",
        b"host:h",
        b"Connection: close",
        b"Connection: keep-alive",
        b"Connection: Content-Length",
        b"Connection: Transfer-Encoding, X",
        b"Expect: 100-continue",
        b"Connection: Upgrade\r\nUpgrade: h2c",
        b"Upgrade: x",
        b"Content-Length: 0",
        b"Content-Length: 1",
        b"Content-Length:",
        b"Content-Length: 4\r\nContent-Length: 4",
        b"TE: chunked",
        b"Transfer-Encoding: identity",
        b"Transfer_Encoding: chunked",
        b"Content_Length: 5",
        b"Transfer-Encoding: gzip, chunked",
        b"X-Content-Length: 9",
        b"Trailer: Content-Length",
        b"Proxy-Connection: close",
        b"Keep-Alive: timeout=1",
        b"X:",
    ]
)
_LENGTHS = st.sampled_from(
    [b"Content-Length: %d"] * 6
    + [
        b"Content-Length : %d",
        b"Content-Length:%d",
        b"content-length:\t%d ",
        b" Content-Length: %d",
        b"Content-Length: +%d",
        b"Content-Length: 0%d",
        b"Content-Length: %d, %d",
        b"Content-Length: %d\r\nContent-Length: %d",
        b"Content-Length: 0x%x",
        b"Content-Length: %d\r\n ",
        b"Content-Length: %d\x0b",
        b"Content-Length: 1%d",
        b"Content\rLength: %d",
    ]
)
_CODINGS = st.sampled_from(
    [b"Transfer-Encoding: chunked"] * 6
    + [
        b"Transfer-Encoding: Chunked",
        b"Transfer-Encoding:chunked",
        b"Transfer-Encoding:\tchunked",
        b"Transfer-Encoding: \x0bchunked",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: identity, chunked",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked;q=1",
        b"Transfer-Encoding\r\n : chunked",
        b'Transfer-Encoding: "chunked"',
        b"Transfer-Encoding: ,chunked",
        b"transfer-encoding: chunked\0",
    ]
)
_CHUNK_HEADS = st.sampled_from(
    [b"%x\r\n"] * 6
    + [
        b"%X\r\n",
        b"0%x\r\n",
        b"%x;a=b\r\n",
        b'%x;"\r\n"\r\n',
        b"%x \r\n",
        b" %x\r\n",
        b"0x%x\r\n",
        b"%x\n",
        b"+%x\r\n",
        b"%x;\n\r\n",
    ]
)
_CHUNK_ENDS = st.sampled_from([b"\r\n"] * 8 + [b"\n", b"", b"\r", b"x\r\n"])
_LAST_CHUNKS = st.sampled_from(
    [b"0\r\n\r\n"] * 6
    + [
        b"0\r\nX-Trailer: 1\r\n\r\n",
        b"0\r\nContent-Length: 9\r\n\r\n",
        b"00\r\n\r\n",
        b"0\n\n",
        b"0\r\nX: a\nY: b\r\n\r\n",
        b"",
        b"0;x\r\n\r\n",
    ]
)


@dataclass(frozen=True, slots=True)
class Odd:
    """Bytes of one request; `{}` in the target is where its token goes."""

    method: bytes
    target: str
    version: bytes
    headers: tuple[bytes, ...]
    end: bytes
    body: bytes

    def data(self, token: str) -> bytes:
        target = self.target.format(token).encode()
        line = b" ".join(part for part in (self.method, target, self.version) if part)
        return self.end.join((line, *self.headers, b"", b"")) + self.body


@st.composite
def odd_requests(draw: st.DrawFn) -> Odd:
    body = draw(_BODIES)
    framing, sent = draw(st.sampled_from(("length", "length", "chunked", "chunked", "both", "none"))), body
    headers = [b"Host: h", *draw(st.lists(_ODD_HEADERS, max_size=2))]
    if framing in ("length", "both"):
        form = draw(_LENGTHS)
        length = len(body) if draw(st.integers(0, 4)) else draw(st.integers(0, 60))
        headers.append(form % ((length,) * form.count(b"%")))
    if framing in ("chunked", "both"):
        headers.append(draw(_CODINGS))
        chunks = [body[:3], body[3:]] if draw(st.booleans()) else [body]
        heads = [draw(_CHUNK_HEADS) % len(chunk) + chunk + draw(_CHUNK_ENDS) for chunk in chunks if chunk]
        sent = b"".join(heads) + draw(_LAST_CHUNKS)
    headers = draw(st.permutations(headers))
    return Odd(draw(_METHODS), draw(_TARGETS), draw(_VERSIONS), tuple(headers), draw(_ENDS), sent)
