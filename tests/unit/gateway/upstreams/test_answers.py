import pytest

from gateway.upstreams.answers import MAX_HEAD, AnswerParser, BadAnswer

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def parse(*pieces: bytes, to_head: bool = False) -> AnswerParser:
    parser = AnswerParser()
    parser.expect(to_head=to_head)
    for piece in pieces:
        parser.feed(piece)
    return parser


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        pytest.param(OK + b"Content-Length: 2\r\n\r\nab", 200, b"ab", id="declared length"),
        pytest.param(CHUNKED + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 200, b"abc", id="chunked"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", id="204"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, b"", id="304 with a length"),
        pytest.param(
            b"HTTP/1.1 103 Hints\r\nLink: <x>\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n", 200, b"", id="103"
        ),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", 403, b"", id="100"),
    ],
)
def test_answer_is_the_same_whole_and_byte_by_byte(answer: bytes, status: int, body: bytes) -> None:
    for pieces in ([answer], [answer[i : i + 1] for i in range(len(answer))]):
        parser = parse(*pieces)
        assert (parser.status, parser.take(), parser.complete, parser.keep_alive) == (status, body, True, True)
        assert all(name != b"Link" for name, _ in parser.headers)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(OK + b"Content-Length: +2\r\n\r\nab", id="signed length"),
        pytest.param(OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", id="length twice"),
        pytest.param(OK + b"Content-Length: 2, 2\r\n\r\nab", id="list of lengths"),
        pytest.param(OK + b"Content-Length: 99999999999999999999999\r\n\r\nab", id="length overflow"),
        pytest.param(OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nab", id="length and chunked"),
        pytest.param(OK + b"Transfer-Encoding: gzip\r\n\r\nab", id="unknown transfer coding"),
        pytest.param(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", id="two transfer codings"),
        pytest.param(CHUNKED + b"zz\r\nab", id="bad chunk size"),
        pytest.param(OK + b"Content-Length: 2\r\n\r\nabc", id="more than the length"),
        pytest.param((OK + b"Content-Length: 2\r\n\r\nab") * 2, id="two answers"),
        pytest.param(CHUNKED + b"0\r\n\r\n" + CHUNKED, id="two chunked answers"),
        pytest.param(b"HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc", id="101 nobody asked for"),
        pytest.param(b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", id="version 2"),
        pytest.param(b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n", id="status 000"),
        pytest.param(b"HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n", id="status 999"),
        pytest.param(b"not http at all\r\n\r\n", id="garbage"),
        pytest.param(OK + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n", id="folded header"),
        pytest.param(OK + b"X: a\nContent-Length: 0\n\n", id="bare LF"),
        pytest.param(OK + b"X: a\0b\r\nContent-Length: 0\r\n\r\n", id="NUL"),
        pytest.param(OK + b"X: y\r\n" * 1000, id="endless headers"),
        pytest.param(OK + b"X: " + b"y" * (MAX_HEAD + 1), id="one endless header"),
        pytest.param(b"HTTP/1.1 102 x\r\n\r\n" * (MAX_HEAD // 10), id="endless interim answers"),
    ],
)
def test_broken_answer_is_refused(answer: bytes) -> None:
    """G30: a bad length, endless headers, two replies."""
    with pytest.raises(BadAnswer):
        parse(answer)
    with pytest.raises(BadAnswer):
        parse(*(answer[i : i + 777] for i in range(0, len(answer), 777)))


def test_endless_trailer_is_refused() -> None:
    with pytest.raises(BadAnswer):
        parse(CHUNKED + b"1\r\na\r\n0\r\nX: ", *[b"y" * 1000] * 100)


def test_trailer_never_becomes_a_header() -> None:
    parser = parse(CHUNKED + b"0\r\nX-Trailer: evil\r\n\r\n")
    assert parser.complete
    assert parser.headers == [(b"Transfer-Encoding", b"chunked")]


def test_answer_to_head_has_no_body_and_the_next_one_is_read_afresh() -> None:
    parser = parse(OK + b"Content-Length: 9\r\n\r\n", to_head=True)
    assert (parser.complete, parser.length, parser.keep_alive) == (True, 9, True)
    parser.expect(to_head=False)
    parser.feed(OK + b"Content-Length: 2\r\n\r\nab")
    assert parser.take() == b"ab"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(OK + b"Content-Length: 2\r\n\r\nab", id="declared"),
        pytest.param(CHUNKED + b"2\r\nab\r\n0\r\n\r\n", id="chunked"),
        pytest.param(OK + b"\r\nab", id="until the end"),
        pytest.param(OK + b"Content-Length: 2\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n", id="another answer"),
        pytest.param(OK + b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000, id="long"),
    ],
)
def test_body_of_an_answer_to_head_is_dropped_and_nothing_may_follow_it(answer: bytes) -> None:
    """G29, G30: it is nobody's, and no next answer."""
    end = answer.index(b"\r\n\r\n") + 4
    for pieces in ([answer], [answer[:end], answer[end : end + 1], answer[end + 1 :]]):
        parser = parse(*pieces, to_head=True)
        assert (parser.status, parser.complete, parser.keep_alive) == (200, True, False)
        assert (parser.take(), parser.buffered, len(parser.headers) < 2) == (b"", 0, True)


def test_answer_without_a_length_lasts_until_the_connection_ends() -> None:
    parser = parse(OK + b"\r\nabc")
    assert not parser.complete
    parser.end()
    assert (parser.complete, parser.take(), parser.keep_alive) == (True, b"abc", False)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(b"", "connection_terminated", id="nothing"),
        pytest.param(OK, "connection_terminated", id="half a head"),
        pytest.param(OK + b"Content-Length: 4\r\n\r\nabc", "http_response_incomplete", id="short body"),
        pytest.param(CHUNKED + b"4\r\nabcd\r\n", "http_response_incomplete", id="no last chunk"),
    ],
)
def test_answer_cut_short_is_refused(answer: bytes, error: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        parse(answer).end()
    assert caught.value.error == error


def test_polite_close_and_http_1_0_are_not_kept_alive() -> None:
    assert not parse(OK + b"Content-Length: 0\r\nConnection: close\r\n\r\n").keep_alive
    assert not parse(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive


SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


def test_bytes_after_an_agreed_switch_are_passed_on_unread() -> None:
    """However they arrive, and as long as the connection lasts; it is never used again."""
    follows = b"\x81\x01aHTTP/1.1 200 OK\r\n\r\n" + bytes(MAX_HEAD + 1)
    for pieces in ([SWITCH + follows], [*(SWITCH[i : i + 1] for i in range(len(SWITCH))), follows[:1], follows[1:]]):
        parser = AnswerParser()
        parser.expect(to_head=False, to_upgrade=True)
        for piece in pieces:
            parser.feed(piece)
        assert (parser.status, parser.complete, parser.keep_alive) == (101, False, False)
        assert parser.take() == follows
        parser.end()
        assert parser.complete


def test_refusal_to_switch_is_an_answer_like_any() -> None:
    parser = AnswerParser()
    parser.expect(to_head=False, to_upgrade=True)
    parser.feed(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")
    assert (parser.status, parser.take(), parser.complete) == (404, b"no", True)


def test_switch_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(BadAnswer):
        parse(SWITCH + b"\x81\x01a")
