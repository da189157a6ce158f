"""Where one request ends and the next begins: the gateway and its services must never disagree."""

import re

import pytest

from tests.integration.gateway.running_gateway import RunningGateway, status

GET = b"GET /open HTTP/1.1\r\nHost: h\r\n"
POST = b"POST /open HTTP/1.1\r\nHost: h\r\n"
SMUGGLED = b"GET /open/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(
            POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, id="G1 length and TE"
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", id="G1 TE twice"
        ),
        pytest.param(POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED, id="G1 unknown TE"),
        pytest.param(POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", id="G1 space before the colon"),
        pytest.param(POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", id="G1 vertical tab"),
        pytest.param(POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", id="G1 length twice"),
        pytest.param(POST + b"Content-Length: 1, 1\r\n\r\nx", id="G1 list of lengths"),
        pytest.param(b"GET /open HTTP/1.1\nHost: h\n\n", id="G2 bare LF"),
        pytest.param(b"GET /open HTTP/1.1\rHost: h\r\r", id="G2 bare CR"),
        pytest.param(GET + b"X: a\x00b\r\n\r\n", id="G2 NUL"),
        pytest.param(GET + b"X: a\r\n b\r\n\r\n", id="G2 folded header"),
        pytest.param(GET + b"X: a\rb\r\n\r\n", id="G2 CR in a value"),
        pytest.param(POST + b"Content-Length: +1\r\n\r\nx", id="G3 signed length"),
        pytest.param(POST + b"Content-Length: 1_0\r\n\r\n0123456789", id="G3 underscore"),
        pytest.param(POST + "Content-Length: \u0661\r\n\r\nx".encode(), id="G3 Arabic digit"),
        pytest.param(POST + b"Content-Length: 18446744073709551617\r\n\r\nx", id="G3 overflow"),
        pytest.param(POST + b"Content-Length: -1\r\n\r\n", id="G3 negative"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n1;a\nb\r\nx\r\n0\r\n\r\n", id="G4 LF in an extension"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: a\nY: b\r\n\r\n", id="G4 LF in trailers"
        ),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n", id="negative chunk"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n", id="chunk overflow"),
        pytest.param(b"GET /open HTTP/1.1\r\n\r\n", id="G5 no Host"),
        pytest.param(GET + b"Host: h\r\n\r\n", id="G5 Host twice"),
        pytest.param("GET /open/é HTTP/1.1\r\nHost: h\r\n\r\n".encode(), id="raw UTF-8"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
    ],
)
async def test_ambiguous_framing_is_refused_and_the_connection_closed(
    gateway: RunningGateway, request_bytes: bytes
) -> None:
    """G1, G2, G3, G4, G5, G12: the service sees nothing."""
    answer = await gateway.raw(request_bytes + SMUGGLED)
    assert status(answer) == 400, answer
    assert b"application/problem+json" in answer
    assert b"Connection: close" in answer
    assert not [request for request in gateway.echo.seen if request.raw_path != "/open"]


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        pytest.param(b"GET /open HTTP/1.1\r\nHost: a b\r\n\r\n", 400, id="G5 Host that is none"),
        pytest.param(b"GET /open HTTP/1.1\r\nHost: u@h/x\r\n\r\n", 400, id="G5 Host with more"),
        pytest.param(b"GET /open HTTP/1.1\r\nHost:\r\n\r\n", 400, id="G5 empty Host"),
        pytest.param(b"GET http://h/open HTTP/1.1\r\nHost: h\r\n\r\n", 400, id="G12 absolute-form"),
        pytest.param(b"GET http://xn--a/ HTTP/1.1\r\nHost: h\r\n\r\n", 400, id="G12 absolute-form of no name"),
        pytest.param(b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 400, id="G12 asterisk"),
        pytest.param(b"GET /open#x HTTP/1.1\r\nHost: h\r\n\r\n", 400, id="fragment"),
        pytest.param(b"GET /open?a#x HTTP/1.1\r\nHost: h\r\n\r\n", 400, id="fragment after the query"),
        pytest.param(b"TRACE /open HTTP/1.1\r\nHost: h\r\n\r\n", 405, id="TRACE"),
        pytest.param(b"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 405, id="CONNECT"),
        pytest.param(b"CONNECT xn--a:80 HTTP/1.1\r\nHost: h\r\n\r\n", 405, id="CONNECT to no name"),
        pytest.param(b"PROPFIND /open HTTP/1.1\r\nHost: h\r\n\r\n", 405, id="method of another protocol"),
        pytest.param(b"BREW /open HTTP/1.1\r\nHost: h\r\n\r\n", 501, id="unknown method"),
        pytest.param(b"get /open HTTP/1.1\r\nHost: h\r\n\r\n", 501, id="lower case"),
        pytest.param(b"GET /open\r\n\r\n", 505, id="HTTP/0.9"),
        pytest.param(b"GET /open HTTP/2.0\r\nHost: h\r\n\r\n", 505, id="HTTP/2.0"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, id="HTTP/2 preface"),
        pytest.param(GET + b"X: " + b"y" * 20_000 + b"\r\n\r\n", 431, id="G14 long header"),
        pytest.param(b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 431, id="G14 long line"),
        pytest.param(GET + b"X: y\r\n" * 200 + b"\r\n", 400, id="many headers"),
        pytest.param(POST + b"Expect: a-miracle\r\nContent-Length: 1\r\n\r\nx", 417, id="unknown expectation"),
    ],
)
async def test_what_is_not_spoken_here_is_refused(gateway: RunningGateway, request_bytes: bytes, expected: int) -> None:
    """G5, G12"""
    answer = await gateway.raw(request_bytes.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
    assert status(answer) == expected, answer
    assert not gateway.echo.seen


HEAD = b"HEAD /open HTTP/1.1\r\nHost: h\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        pytest.param("HEAD /open/é HTTP/1.1\r\nHost: h\r\n\r\n".encode(), 400, id="raw UTF-8"),
        pytest.param(HEAD + b"X: a\x00b\r\n\r\n", 400, id="NUL"),
        pytest.param(b"HEAD /open HTTP/2.0\r\nHost: h\r\n\r\n", 505, id="HTTP/2.0"),
        pytest.param(b"HEAD /" + b"y" * 200_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 431, id="a line of many pieces"),
        pytest.param(HEAD + b"\r\n" + HEAD + b"X\r\n\r\n", 400, id="the second in one piece"),
    ],
)
async def test_refused_head_has_no_body(gateway: RunningGateway, request_bytes: bytes, expected: int) -> None:
    """Though what the parser refuses has no method."""
    told, _, body = (await gateway.raw(request_bytes)).partition(b"\r\n\r\n")
    assert status(told) == expected, told
    assert int(re.findall(rb"Content-Length: (\d+)", told)[0]) > 100
    assert b"application/problem+json" in told
    assert b"Connection: close" in told
    assert body == b""


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(b"", id="at the beginning"),
        pytest.param(HEAD + b"\r\n", id="in one piece with a HEAD"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n", id="instead of a body"),
    ],
)
async def test_refusal_of_anything_else_has_its_body(gateway: RunningGateway, before: bytes) -> None:
    answer = await gateway.raw(before + "GET /open/é HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    body = answer.rpartition(b"\r\n\r\n")[2]
    assert b'"code":"bad_request"' in body


async def test_trailer_never_becomes_a_header_of_any_request(gateway: RunningGateway) -> None:
    """G4: nor of the next one on the connection, which aiohttp 3.14 would make of it."""
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Evil: 1\r\n\r\n"
    answer = await gateway.raw(chunked + SMUGGLED)
    assert status(answer) == 200
    assert b"X-Evil" not in answer
    assert [request.raw_path for request in gateway.echo.seen] == ["/open"]


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
async def test_upgrade_is_never_passed_on(gateway: RunningGateway, protocol: str) -> None:
    """G6: stripped; and nothing follows it, as the parser may lose its place there."""
    upgrade = f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\nHTTP2-Settings: AAMAAABk\r\n"
    answer = await gateway.raw(POST + upgrade.encode() + b"Content-Length: 2\r\n\r\nab" + SMUGGLED)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert b"Connection: close" in answer
    assert [request.raw_path for request in gateway.echo.seen] == ["/open"]
    told = {name.lower() for name, _ in gateway.echo.seen[0].raw_headers}
    assert not told & {b"upgrade", b"http2-settings", b"connection"}


async def test_body_is_asked_for_once_it_will_be_read(gateway: RunningGateway) -> None:
    async with gateway.connection() as (reader, writer):
        writer.write(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ab")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")


async def test_refused_expectation_leaves_nothing_to_be_misread(gateway: RunningGateway) -> None:
    """G32: 413 without a 100 before it; what the client sends next is not taken for a request."""
    async with gateway.connection() as (reader, writer):
        writer.write(b"POST /small HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 500\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 413")
        assert b"Connection: close" in head
        writer.write(SMUGGLED * 20)
        rest = await reader.read()
        assert b"HTTP/1.1" not in rest
        assert not gateway.echo.seen
