"""The fuzzing targets on what hypothesis thinks of; `make fuzz` looks for longer, guided by coverage."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 ",
        b"101 ",
        b"204 x\r\n",
        b"Content-Length: ",
        b"3\r\n",
        b"\r\n",
        b"\n",
        b"abc",
        b"Transfer-Encoding: chunked\r\n",
        b"0\r\n\r\n",
        b"Connection: ",
        b"close",
        b"Upgrade: websocket\r\n",
        b"100 x\r\n",
        b"X-Identity: ",
        b"X_User-Id:",
        b"Cookie: ",
        b"__Host-session=",
        b";",
        b"Authorization:",
        b"X-Forwarded-For: ",
        b"/",
        b"/v1",
        b"/users",
        b"/me",
        b"%2e",
        b"%2F",
        b"%c3%a9",
        b"..",
        b"//",
        b"?",
        b"#",
        b"\\",
        b"/internal",
        b"/docs",
        b"Sec-WebSocket-Protocol: ",
        b"bearer.x",
        b", ",
        b"chat",
        b"Origin: ",
        b"https://example.org",
        b"10.0.0.1",
        b"::1",
        b"\x88\x02\x03\xe8",
        b"\x81\x7e\x00\x80",
        b"\x82\x7f",
        b"\x00",
        b"\xff",
        b"::ffff:9.9.9.9",
        b"fe80::1%eth0",
    ]
)
BYTES = st.one_of(st.binary(max_size=300), st.lists(st.one_of(PIECES, st.binary(max_size=4))).map(b"".join))


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_property_holds_for_any_bytes(target: object) -> None:
    assert callable(target)

    @settings(max_examples=300, deadline=None)
    @given(BYTES)
    @example(b"")
    def holds(data: bytes) -> None:
        target(data)

    holds()
