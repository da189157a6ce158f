"""What a client's headers mean, kept for its next request: most clients send the same ones again and again.

Nothing is kept that depends on more than these headers and the connection's other end: no verdict on a credential, no
route. Bounded, the oldest forgotten first. Whoever sends far more than clients do is understood anew each time: a
credential that nobody has verified yet is enough to be kept here.
"""

from collections.abc import Iterable
from typing import NamedTuple

from gateway.downstream.form import check_host
from gateway.downstream.request import Head
from gateway.edge.client_address import subject
from gateway.edge.headers import RawHeader, upstream_headers
from gateway.forwarding import Forwarder
from gateway.reception import Reception
from shared.errors import AppError
from shared.tracing import REQUEST_ID, TRACEPARENT, TRACESTATE

CAPACITY = 2048
LARGEST = 4096  # bytes of names and values: a browser's with an access token are half as many
_UNUSUAL = ("Expect", "Content-Length", "Cookie")  # these have a say in more than the fast lane looks at
_SCHEME = "Bearer "


class ClientHeaders(NamedTuple):
    """`credential` is the bearer's text, and empty where there is none; `lines` are what services get of the headers.

    `told` goes into the answer; `request_id` and what is about traces are as the client has sent them.
    """

    raw: tuple[RawHeader, ...]
    peer: str
    address: str
    subject: str
    told: list[tuple[str, str]]
    credential: str
    request_id: str | None
    traceparent: str | None
    tracestate: str | None
    lines: bytes


class ClientHeadersCache:
    def __init__(self, reception: Reception, forwarder: Forwarder, capacity: int = CAPACITY) -> None:
        self._reception = reception
        self._forwarder = forwarder
        self._capacity = capacity
        self._known: dict[str, ClientHeaders] = {}  # by Authorization, or else by the other end's address

    def __len__(self) -> int:
        return len(self._known)

    def read(self, head: Head, peer: str) -> ClientHeaders | None:
        """Return what the headers mean; None where that needs a closer look."""
        key = head.headers.get("Authorization", peer)
        known = self._known.get(key)
        if known is not None and known.raw == head.raw_headers and known.peer == peer:
            return known
        known = self._understood(head, peer)
        if known is not None and _size(known.raw) <= LARGEST:
            self._remember(key, known)
        return known

    def _remember(self, key: str, known: ClientHeaders) -> None:
        self._known.pop(key, None)
        if len(self._known) >= self._capacity:
            del self._known[next(iter(self._known))]
        self._known[key] = known

    def _understood(self, head: Head, peer: str) -> ClientHeaders | None:
        headers, reception = head.headers, self._reception
        authorization = headers.getall("Authorization", ())
        if len(authorization) > 1 or any(name in headers for name in _UNUSUAL) or reception.came_plain(head, peer):
            return None
        if authorization and not authorization[0].startswith(_SCHEME):
            return None
        try:
            check_host(head)
        except AppError:
            return None
        address = reception.addresses.resolve(peer, headers.getall("X-Forwarded-For", ()))
        return ClientHeaders(
            raw=head.raw_headers,
            peer=peer,
            address=address,
            subject=subject(address),
            told=reception.cors.headers(headers.get("Origin")),
            credential=authorization[0][len(_SCHEME) :] if authorization else "",
            request_id=headers.get(REQUEST_ID),
            traceparent=headers.get(TRACEPARENT),
            tracestate=headers.get(TRACESTATE),
            lines=self._forwarder.client_lines(upstream_headers(head.raw_headers, pass_credentials=False), address),
        )


def _size(headers: Iterable[RawHeader]) -> int:
    """Return the bytes of all, those that no service gets included: they are kept to be compared."""
    return sum(len(name) + len(value) for name, value in headers)
