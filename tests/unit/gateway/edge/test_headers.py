"""What services get of clients' headers, and clients of services'."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.headers import downstream_headers, forwarding_headers, overriding_method, upstream_headers

NAMES = st.sampled_from(
    [
        b"X-Identity",
        b"x_identity",
        b"X-User-Id",
        b"Connection",
        b"Authorization",
        b"Cookie",
        b"Accept",
        b"X-Forwarded-For",
    ]
) | st.binary(min_size=1, max_size=12)
HEADERS = st.lists(st.tuples(NAMES, st.sampled_from([b"x", b"X-User-Id, Accept", b"session=1; a=2", b"close"])))


def names(headers: list[tuple[bytes, bytes]]) -> list[bytes]:
    return [name.lower() for name, _ in headers]


@pytest.mark.parametrize(
    "name",
    [
        b"X-Identity", b"x-identity", b"X-IDENTITY", b"X_Identity", b"X-Identity-Extra", b"X-User-Id", b"X_User_Id",
        b"x-user-email", b"X-User_Id", b"X-Request-Id", b"traceparent", b"Tracestate",
    ],
)  # fmt: skip
def test_client_cannot_speak_for_the_gateway(name: bytes) -> None:
    """G8: identity headers of clients are dropped in any case and spelling, and however often they come."""
    assert upstream_headers([(name, b"admin"), (b"Accept", b"*/*"), (name, b"x")], pass_credentials=True) == [
        (b"Accept", b"*/*")
    ]


@pytest.mark.parametrize(
    "name",
    [
        b"X-Forwarded-For", b"x-forwarded-host", b"X-Forwarded-Proto", b"X-Forwarded-Prefix", b"X_Forwarded_For",
        b"Forwarded", b"X-Real-IP", b"True-Client-IP", b"X-Client-IP", b"CF-Connecting-IP", b"X-Original-URL",
        b"X-Rewrite-URL", b"Via",
    ],
)  # fmt: skip
def test_client_cannot_say_where_it_came_from(name: bytes) -> None:
    """G10: forwarding headers of clients never reach a service."""
    assert upstream_headers([(name, b"10.0.0.1")], pass_credentials=True) == []


def test_hop_by_hop_headers_are_stripped_first() -> None:
    """G7: what Connection lists goes, and can't take along what the gateway sets afterwards."""
    sent = [
        (b"Connection", b"X-User-Id, Authorization, X-Forwarded-For, X-Identity, x-secret"),
        (b"connection", b"Keep-Alive"),
        (b"Keep-Alive", b"timeout=5"),
        (b"X-Secret", b"1"),
        (b"Authorization", b"Bearer x"),
        (b"Accept", b"*/*"),
    ]
    kept = upstream_headers(sent, pass_credentials=True) + forwarding_headers("192.0.2.1", "http", "api.example.org")
    assert kept == [
        (b"Accept", b"*/*"),
        (b"X-Forwarded-For", b"192.0.2.1"),
        (b"X-Forwarded-Proto", b"http"),
        (b"X-Forwarded-Host", b"api.example.org"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        b"TE", b"Trailer", b"Transfer-Encoding", b"Upgrade", b"HTTP2-Settings", b"Proxy-Authorization",
        b"Proxy-Connection", b"Content-Length", b"Host", b"Expect",
    ],
)  # fmt: skip
def test_connection_and_framing_belong_to_the_proxy(name: bytes) -> None:
    """G6: an Upgrade, h2c's too, is stripped, and framing headers are the proxy's to set."""
    assert upstream_headers([(name, b"x")], pass_credentials=True) == []


@pytest.mark.parametrize("name", [b"X-HTTP-Method-Override", b"X-HTTP-Method", b"x-method-override"])
def test_method_override_is_ignored(name: bytes) -> None:
    """G13: a service never sees another method than the one that was authorised."""
    assert upstream_headers([(name, b"DELETE")], pass_credentials=False) == []


@pytest.mark.parametrize(
    ("method", "named", "passed"),
    [
        pytest.param("POST", [b"PATCH"], True, id="one of the route's"),
        pytest.param("POST", [b"PUT"], False, id="one that the route doesn't take"),
        pytest.param("POST", [b"PATCH", b"DELETE"], False, id="two"),
        pytest.param("POST", [b"P\xc3\x84TCH"], False, id="no ASCII"),
        pytest.param("POST", [], False, id="none"),
        pytest.param("GET", [b"PATCH"], False, id="of another method"),
    ],
)
def test_override_names_a_method_that_was_authorised_too(method: str, named: list[bytes], passed: bool) -> None:  # noqa: FBT001  a case
    """G13: on a route with `method_override`, for POST alone."""
    headers = [(b"X-HTTP-Method-Override", value) for value in named]
    expected = [(b"x-http-method-override", named[0])] if passed else []
    assert overriding_method(method, headers, frozenset({"POST", "PATCH", "DELETE"})) == expected


@pytest.mark.parametrize("name", [b"Bad Name", b"X-\xc3\xa9", b"X:Y", b"X\x00Y", b"", b"Some_Header"])
def test_name_that_two_servers_may_read_differently_is_dropped(name: bytes) -> None:
    """G8: underscores and non-token characters are how one header is made to look like another."""
    assert upstream_headers([(name, b"x")], pass_credentials=True) == []


def test_credentials_reach_only_services_that_ask_for_them() -> None:
    sent = [(b"Authorization", b"Bearer x"), (b"Cookie", b"__Host-session=s; theme=dark"), (b"cookie", b"session=s")]
    assert upstream_headers(sent, pass_credentials=True) == sent
    assert upstream_headers(sent, pass_credentials=False) == [(b"Cookie", b"theme=dark")]


@pytest.mark.parametrize(
    "cookies",
    [b"session=s", b" session =s", b"a=1;session=s;session=t", b'a="x; __Host-session=s"', b"__HOST-SESSION=s;a=1"],
)
def test_session_cookie_is_taken_out_however_it_is_written(cookies: bytes) -> None:
    for _, value in upstream_headers([(b"Cookie", cookies)], pass_credentials=False):
        assert b"session" not in value.lower()


def test_ordinary_headers_pass_in_order_and_as_written() -> None:
    sent = [
        (b"accept", b"a"),
        (b"X-Custom", b"\xff"),
        (b"Accept", b"b"),
        (b"If-Match", b'"x"'),
        (b"Connection", b"close"),
    ]
    assert upstream_headers(sent, pass_credentials=False) == sent[:-1]


def test_answer_loses_what_is_not_for_clients() -> None:
    answer = [
        (b"Content-Type", b"text/plain"),
        (b"X-Identity", b"secret"),
        (b"Server", b"inner/1"),
        (b"X-Powered-By", b"x"),
        (b"Access-Control-Allow-Origin", b"*"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Connection", b"X-Inner"),
        (b"X-Inner", b"1"),
        (b"X_Odd", b"1"),
        (b"Content-Length", b"3"),
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
        (b"X-Note", "é".encode() + b"\xff"),
    ]
    assert downstream_headers(answer) == [
        ("Content-Type", "text/plain"),
        ("Content-Length", "3"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("X-Note", "é\ufffd"),
    ]


@given(HEADERS, st.booleans())
def test_nothing_spoofable_ever_passes(headers: list[tuple[bytes, bytes]], pass_credentials: bool) -> None:  # noqa: FBT001  hypothesis gives it
    """G7, G8, G10: for any mixture of headers."""
    kept = upstream_headers(headers, pass_credentials=pass_credentials)
    spelled = [name.replace(b"_", b"-") for name in names(kept)]
    assert not [name for name in spelled if name.startswith((b"x-identity", b"x-user-", b"x-forwarded", b"proxy-"))]
    assert not {b"connection", b"host", b"content-length", b"transfer-encoding"}.intersection(spelled)
    assert upstream_headers(kept, pass_credentials=pass_credentials) == kept
    if not pass_credentials:
        assert b"authorization" not in spelled
