"""What must hold for any bytes: each target takes some, and fails where a property of the gateway's edge doesn't.

hypothesis runs them in the suite (tests/unit/gateway/test_any_bytes.py), atheris guided by coverage (`make fuzz`).
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import ip_address, ip_network
from urllib.parse import unquote

from multidict import CIMultiDict, CIMultiDictProxy

from gateway.edge.client_address import ClientAddresses, subject
from gateway.edge.frames import Frames
from gateway.edge.headers import RawHeader, downstream_headers, upstream_headers
from gateway.edge.paths import BadPath, canonical_path
from gateway.edge.websocket import Handshakes
from gateway.routes.match import RouteTable
from gateway.routes.model import PRIVATE_SEGMENTS, Route
from gateway.upstreams.answers import AnswerParser, BadAnswer
from gateway.upstreams.requests import UpstreamRequest
from shared.errors import AppError, MethodNotAllowed, NotFound

Target = Callable[[bytes], None]

_OURS = (b"x-identity", b"x-user-", b"x-forwarded", b"proxy-", b"sec-websocket-")
_FRAMING = frozenset((b"connection", b"host", b"content-length", b"transfer-encoding", b"upgrade", b"te", b"trailer"))
_PREFIXES = ("/", "/v1", "/v1/users", "/v1/users/me", "/a.b/~c", "/%C3%A9")
_EXACT = ("/", "/v1/users", "/docs")
_TRUSTED = (ip_network("10.0.0.0/8"), ip_network("127.0.0.1"), ip_network("fd00::/8"))


def headers(data: bytes) -> None:
    """G7, G8: nothing that a service could take for our word passes, and a second passage changes nothing."""
    flag, sent = bool(data[:1] and data[0] & 1), _headers(data[1:])
    kept = upstream_headers(sent, pass_credentials=flag)
    spelled = [name.lower().replace(b"_", b"-") for name, _ in kept]
    assert not [name for name in spelled if name.startswith(_OURS) or name in _FRAMING]
    assert flag or b"authorization" not in spelled
    assert upstream_headers(kept, pass_credentials=flag) == kept
    with suppress(ValueError):  # a line break, which no parser lets this far
        head = UpstreamRequest("GET", "/", kept, timeout=1.0).head(1.0)
        assert head.count(b"\n") == len(kept) + 3
        assert head.index(b"\r\n\r\n") == len(head) - 4
    told = downstream_headers(sent)
    assert not [name for name, _ in told if name.lower().encode() in _FRAMING - {b"content-length", b"host"}]


def paths(data: bytes) -> None:
    """G11: what passes is canonical, and means what was asked for."""
    path = data.decode("utf-8", "surrogateescape")
    try:
        canonical = canonical_path(path)
    except BadPath:
        return
    assert canonical.isascii()
    assert canonical_path(canonical) == canonical
    assert unquote(canonical, errors="strict") == unquote(path, errors="strict")
    segments = unquote(canonical).split("/")
    assert not {".", ".."}.intersection(segments)
    assert "" not in segments[1:-1]
    assert not set("%;\\?#\r\n\0").intersection(unquote(canonical))


def routes(data: bytes) -> None:
    """The longest match on the borders of segments decides, and private paths have none."""
    try:
        path = canonical_path(data.decode("utf-8", "surrogateescape"))
    except BadPath:
        return
    expected = None if path.split("/")[1].lower() in PRIVATE_SEGMENTS else _expected(path)
    for method in ("GET", "POST"):
        try:
            route = _TABLE.match(method, path)
        except MethodNotAllowed:
            assert expected is not None
            assert method == "POST"
        except NotFound:
            assert expected is None
        else:
            assert (route.exact, route.prefix) == expected
            assert method == "GET"


def answers(data: bytes) -> None:
    """G30: an answer is read alike however it is cut, and nothing else than BadAnswer is raised."""
    size = 1 + (data[0] if data else 0)
    for to_head in (False, True):
        answer = _without_line_breaks_after(data[1:], to_head=to_head)
        whole = _parsed([answer], to_head=to_head)
        assert whole == _parsed((answer[at : at + size] for at in range(0, len(answer), size)), to_head=to_head)
        assert whole == _parsed((answer[at : at + 1] for at in range(len(answer))), to_head=to_head)


def frames(data: bytes) -> None:
    """Where a frame ends doesn't depend on how its bytes came."""
    whole, pieces = Frames(), Frames()
    whole.feed(data)
    for at in range(len(data)):
        pieces.feed(data[at : at + 1])
    assert (whole.at_boundary, whole.has_closed) == (pieces.at_boundary, pieces.has_closed)


def handshakes(data: bytes) -> None:
    """A handshake is read or refused; its token is never offered to a service."""
    told = CIMultiDict([(name.decode("latin-1"), value.decode("latin-1")) for name, value in _headers(data)])
    for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")):
        told.setdefault(name, value)
    told.setdefault("Sec-WebSocket-Key", "AAECAwQFBgcICQoLDA0ODw==")
    try:
        read = Handshakes("https://example.org", ()).read((1, 1), CIMultiDictProxy(told))
    except AppError:
        return
    assert set(told.getall("Origin", ["https://example.org"])) == {"https://example.org"}
    offered = [value.decode() for name, value in read.headers() if name == b"Sec-WebSocket-Protocol"]
    assert not [each for each in ", ".join(offered).split(",") if each.strip().lower().startswith("bearer.")]


def client_addresses(data: bytes) -> None:
    """G10: a stranger is who the socket says; a trusted proxy's word is an address or isn't taken."""
    chain = [line.decode("latin-1") for line in data.split(b"\n")]
    addresses = ClientAddresses(_TRUSTED)
    assert addresses.resolve("192.0.2.1", chain) == "192.0.2.1"
    resolved = addresses.resolve("10.0.0.1", chain)
    assert str(ip_address(resolved)) == resolved
    subject(resolved)
    subject(addresses.resolve(chain[0], chain))


def _headers(data: bytes) -> list[RawHeader]:
    pairs = (line.partition(b":") for line in data.split(b"\n"))
    return [(name, value) for name, _, value in pairs]


def _route(prefix: str, *, exact: bool) -> Route:
    return Route(
        f"{prefix} {exact}",
        prefix,
        exact,
        frozenset({"GET"}),
        "local",
        "public",
        "wide",
        1.0,
        0,
        pass_credentials=False,
    )


_TABLE = RouteTable(
    [_route(each, exact=False) for each in _PREFIXES] + [_route(each, exact=True) for each in _EXACT], {}, {}
)


def _expected(path: str) -> tuple[bool, str]:
    if path in _EXACT:
        return True, path
    above = [each for each in _PREFIXES if path == each or path.startswith(each.rstrip("/") + "/")]
    return False, max(above, key=len)


def _without_line_breaks_after(data: bytes, *, to_head: bool) -> bytes:
    """Those between answers are skipped or refused, depending on how they come; neither does harm (RFC 9112, 2.2)."""
    parser = AnswerParser()
    parser.expect(to_head=to_head)
    with suppress(BadAnswer):
        for at in range(len(data)):
            parser.feed(data[at : at + 1])
            if parser.complete:
                return data if data[at + 1 :].strip(b"\r\n") else data[: at + 1]
    return data


def _parsed(pieces: Iterable[bytes], *, to_head: bool) -> object:
    parser = AnswerParser()
    parser.expect(to_head=to_head)
    body = b""
    try:
        for piece in pieces:
            parser.feed(piece)
            if parser.status:
                body += parser.take()
        parser.end()
    except BadAnswer:
        return "bad"
    return parser.status, parser.headers, body, parser.length


TARGETS: dict[str, Target] = {
    target.__name__: target for target in (headers, paths, routes, answers, frames, handshakes, client_addresses)
}
