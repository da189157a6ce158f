"""Which headers cross the gateway, in both directions.

First everything that concerns one connection only goes (RFC 9110, 7.6.1), then whatever a service might take for the
gateway's own word. The proxy adds its own headers after that, so nothing here can remove them.
"""

from collections.abc import Container, Iterable
from functools import lru_cache
from string import ascii_letters, digits

from shared.web.cookies import PLAIN_NAME, SECURE_NAME

RawHeader = tuple[bytes, bytes]

_HOP_BY_HOP = frozenset({b"http2-settings", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade"})
_SET_BY_PROXY = frozenset({b"content-length", b"expect", b"host"})
_SPOOFABLE = frozenset({
    b"baggage", b"cf-connecting-ip", b"client-ip", b"fastly-client-ip", b"forwarded", b"front-end-https",
    b"traceparent", b"tracestate", b"true-client-ip", b"via", b"x-client-ip", b"x-cluster-client-ip", b"x-host",
    b"x-http-method", b"x-http-method-override", b"x-method-override", b"x-real-ip", b"x-request-id",
    b"x-request-timeout-ms", b"x-rewrite-url", b"x-scheme",
})  # fmt: skip
_SPOOFABLE_PREFIXES = (b"proxy-", b"sec-websocket-", b"x-forwarded", b"x-identity", b"x-original-", b"x-user-")
_OVERRIDE = b"x-http-method-override"
_NOT_FOR_CLIENTS = frozenset(
    {b"alt-svc", b"date", b"server", b"strict-transport-security", b"x-powered-by", b"x-request-id"}
)
_NOT_FOR_CLIENTS_PREFIXES = (b"access-control-", b"proxy-", b"x-identity", b"x-user-")
_SESSION_COOKIES = frozenset(name.lower().encode() for name in (SECURE_NAME, PLAIN_NAME))
# RFC 9110's token characters without `_`: many servers take X_Identity for X-Identity.
_NAME_CHARACTERS = (ascii_letters + digits + "!#$%&'*+-.^`|~").encode()
_PLAIN_CONNECTION = frozenset({b"keep-alive", b"close", b"Keep-Alive", b"Close"})
_REMEMBERED_NAMES = 256  # names are few and repeat; the bound keeps hostile ones (up to 8 KB each) from costing memory

# What depends on more than its name: the gateway says these where the service doesn't, or changes them.
_THOUGHT = frozenset({
    b"content-security-policy", b"cross-origin-opener-policy", b"location", b"content-location", b"referrer-policy",
    b"set-cookie", b"x-content-type-options",
})  # fmt: skip

_KEEP, _DROP, _CONNECTION, _AUTHORIZATION, _COOKIE, _THINK, _TYPE = range(7)


def upstream_headers(headers: Iterable[RawHeader], *, pass_credentials: bool) -> list[RawHeader]:
    """What a service gets of a client's headers, in their order."""
    kept: list[RawHeader] = []
    listed: set[bytes] = set()
    for pair in headers:
        fate = _fate(pair[0])
        if fate == _KEEP or (pass_credentials and fate in (_AUTHORIZATION, _COOKIE)):
            kept.append(pair)
        elif fate == _COOKIE and (cookies := _without_session(pair[1])):
            kept.append((pair[0], cookies))
        elif fate == _CONNECTION:
            listed |= _listed(pair[1])
    return [pair for pair in kept if pair[0].lower() not in listed] if listed else kept


def overriding_method(method: str, headers: Iterable[RawHeader], methods: Container[str]) -> list[RawHeader]:
    """What a service gets of a POST that is to be taken for one of `methods`, which were authorised with it."""
    named = [value for name, value in headers if name.lower() == _OVERRIDE]
    if method == "POST" and len(named) == 1 and named[0].isascii() and named[0].decode() in methods:
        return [(_OVERRIDE, named[0])]
    return []


def downstream_headers(headers: Iterable[RawHeader]) -> list[tuple[str, str]]:
    """What a client gets of a service's headers, as text for the server's writer."""
    kept: list[RawHeader] = []
    listed: set[bytes] = set()
    for pair in headers:
        fate = _answer_fate(pair[0])
        if fate == _KEEP:
            kept.append(pair)
        elif fate == _CONNECTION:
            listed |= _listed(pair[1])
    return [(name.decode(), value.decode("utf-8", "replace")) for name, value in kept if name.lower() not in listed]


def plain_lines(headers: Iterable[RawHeader]) -> list[bytes] | None:
    """Return `downstream_headers` as lines where nothing about the answer needs a thought; else None.

    A thought needs what the gateway might have to say too, and whatever isn't data in ASCII.
    """
    lines: list[bytes] = []
    for pair in headers:
        fate = _plain_fate(pair[0])
        if fate == _KEEP and pair[1].isascii():
            lines.append(b"%b: %b" % pair)
        elif fate == _THINK or (fate == _CONNECTION and pair[1] not in _PLAIN_CONNECTION):
            return None
        elif fate == _TYPE:
            if b"html" in pair[1].lower() or not pair[1].isascii():
                return None
            lines.append(b"%b: %b" % pair)
        elif fate == _KEEP:
            return None
    return lines


def forwarding_headers(address: str, scheme: str, host: str) -> list[RawHeader]:
    """How the client reached us: resolved by the gateway, never copied from the request."""
    return [
        (b"X-Forwarded-For", address.encode("ascii")),
        (b"X-Forwarded-Proto", scheme.encode("ascii")),
        (b"X-Forwarded-Host", host.encode("utf-8", "replace")),
    ]


def _listed(connection: bytes) -> frozenset[bytes]:
    """The headers that a Connection value declares to be about this connection only."""
    if connection in _PLAIN_CONNECTION:
        return frozenset()
    return frozenset(option.strip().lower() for option in connection.split(b","))


@lru_cache(maxsize=_REMEMBERED_NAMES)
def _fate(name: bytes) -> int:
    lower = name.lower()
    if lower == b"connection":
        return _CONNECTION
    if lower in _HOP_BY_HOP or lower in _SET_BY_PROXY or lower in _SPOOFABLE or lower.startswith(_SPOOFABLE_PREFIXES):
        return _DROP
    if not _is_unambiguous(name):
        return _DROP
    return {b"authorization": _AUTHORIZATION, b"cookie": _COOKIE}.get(lower, _KEEP)


@lru_cache(maxsize=_REMEMBERED_NAMES)
def _answer_fate(name: bytes) -> int:
    lower = name.lower()
    if lower == b"connection":
        return _CONNECTION
    if lower in _HOP_BY_HOP or lower in _NOT_FOR_CLIENTS or lower.startswith(_NOT_FOR_CLIENTS_PREFIXES):
        return _DROP
    return _KEEP if _is_unambiguous(name) else _DROP


@lru_cache(maxsize=_REMEMBERED_NAMES)
def _plain_fate(name: bytes) -> int:
    lower = name.lower()
    if lower in _THOUGHT:
        return _THINK
    special = {b"content-type": _TYPE, b"content-length": _DROP}
    return special.get(lower) or _answer_fate(name)


def _is_unambiguous(name: bytes) -> bool:
    return bool(name) and not name.translate(None, _NAME_CHARACTERS)


def _without_session(cookies: bytes) -> bytes:
    """The Cookie value without our session, however its name is written."""
    pairs = [pair.strip() for pair in cookies.split(b";")]
    return b"; ".join(pair for pair in pairs if pair.partition(b"=")[0].strip().lower() not in _SESSION_COOKIES)
