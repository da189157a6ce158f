import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.edge.websocket import Handshake, Handshakes, accept_of
from gateway.errors import BadGateway, ForeignOrigin

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455, section 1.3
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
YES = [(b"Upgrade", b"WebSocket"), (b"connection", b"keep-alive, Upgrade"), (b"Sec-WebSocket-Accept", ACCEPT.encode())]


def read(url: str = "https://app.example.org", **headers: str) -> Handshake:
    asked = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    asked.update({"Upgrade": "WebSocket", "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Key": KEY})
    asked["Sec-WebSocket-Version"] = "13"
    return Handshakes(url, ("https://friend.example",)).read((1, 1), CIMultiDictProxy(asked))


def test_accept_is_as_the_standard_has_it() -> None:
    assert accept_of(KEY) == ACCEPT


def test_credential_is_taken_out_of_the_offer() -> None:
    handshake = read(Sec_WebSocket_Protocol="chat, bearer.a.b-c_d", Sec_WebSocket_Extensions="x; y=1, z")
    assert handshake.authorization == ("Bearer a.b-c_d",)
    headers = dict(handshake.headers())
    assert headers[b"Sec-WebSocket-Protocol"] == b"chat"
    assert headers[b"Sec-WebSocket-Extensions"] == b"x; y=1, z"
    assert headers[b"Sec-WebSocket-Key"] == KEY.encode()


@pytest.mark.parametrize("spelling", ["bearer.", "Bearer.", "BEARER."])
def test_credential_stays_here_however_it_is_spelled(spelling: str) -> None:
    handshake = read(Sec_WebSocket_Protocol=f"chat, {spelling}a.b.c")
    assert handshake.authorization == ("Bearer a.b.c",)
    assert handshake.protocols == ("chat",)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://app.example.org/prefix", "https://app.example.org"),
        ("https://App.example.org:443", "https://app.example.org"),
        ("http://app.example.org:8080", "http://app.example.org:8080"),
        ("https://app.example.org", "https://friend.example"),
    ],
)
def test_pages_of_the_own_and_of_listed_origins_may_ask(url: str, origin: str) -> None:
    assert read(url, Origin=origin).key == KEY


@pytest.mark.parametrize("origin", ["http://app.example.org", "https://app.example.org:444", "null", ""])
def test_pages_of_others_may_not(origin: str) -> None:
    """G24"""
    with pytest.raises(ForeignOrigin):
        read(Origin=origin)


def test_agreement_is_recognised() -> None:
    read().check_answer(YES)
    read(Sec_WebSocket_Protocol="chat, talk").check_answer([*YES, (b"Sec-WebSocket-Protocol", b"talk")])


@pytest.mark.parametrize(
    "headers",
    [
        YES[:2],
        YES[1:],
        [YES[0], YES[2]],
        [*YES, YES[2]],
        [*YES, (b"Sec-WebSocket-Protocol", b"other")],
        [*YES, (b"Sec-WebSocket-Protocol", b"chat"), (b"Sec-WebSocket-Protocol", b"chat")],
    ],
)
def test_other_agreements_are_not_believed(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(BadGateway):
        read(Sec_WebSocket_Protocol="chat").check_answer(headers)
