"""The WebSocket handshake (RFC 6455, section 4), from both sides: what a client may ask, and what counts as a yes.

Browsers can't set Authorization here, so the access token may be offered as a subprotocol, `bearer.TOKEN`, beside the
one that is meant. It goes no further than this module's caller. An origin is checked wherever one is given: no CORS
keeps a foreign page from opening a WebSocket with what its visitor's browser adds by itself.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha1

from multidict import CIMultiDictProxy, MultiMapping

from gateway.errors import BadGateway, BadHandshake, ForeignOrigin, UpgradeRequired
from shared.web.origins import origin_of

RawHeader = tuple[bytes, bytes]

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION = "13"
_KEY = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")  # 16 bytes in base64
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CREDENTIAL = "bearer."


@dataclass(frozen=True, slots=True)
class Handshake:
    """A sound one. `protocols` are without the credential, which `authorization` has as Authorization's values do."""

    key: str
    protocols: tuple[str, ...]
    extensions: tuple[str, ...]
    authorization: tuple[str, ...]

    def headers(self) -> list[RawHeader]:
        """Return what asks the upstream for the same."""
        headers = [
            (b"Connection", b"Upgrade"),
            (b"Upgrade", b"websocket"),
            (b"Sec-WebSocket-Version", _VERSION.encode()),
            (b"Sec-WebSocket-Key", self.key.encode()),
        ]
        for name, values in (
            (b"Sec-WebSocket-Protocol", self.protocols),
            (b"Sec-WebSocket-Extensions", self.extensions),
        ):
            if values:
                headers.append((name, ", ".join(values).encode("utf-8", "surrogateescape")))
        return headers

    def check_answer(self, headers: Iterable[RawHeader]) -> None:
        """Raise BadGateway unless the headers of a 101 agree to this very handshake."""
        told: dict[bytes, list[str]] = {}
        for name, value in headers:
            told.setdefault(name.lower(), []).append(value.decode("latin-1").strip())
        protocols = told.get(b"sec-websocket-protocol", [])
        agreed = (
            told.get(b"sec-websocket-accept") == [accept_of(self.key)]
            and [value.lower() for value in told.get(b"upgrade", ())] == ["websocket"]
            and "upgrade" in _items(told.get(b"connection", ()), lower=True)
            and (not protocols or (len(protocols) == 1 and protocols[0] in self.protocols))
        )
        if not agreed:
            raise BadGateway("http_upgrade_failed")


class Handshakes:
    """Reads handshakes of pages of `public_url` and of the listed origins, and of what is no browser."""

    def __init__(self, public_url: str, origins: Iterable[str]) -> None:
        self._origins = frozenset((origin_of(public_url), *origins))

    def read(self, version: tuple[int, int], headers: CIMultiDictProxy[str]) -> Handshake:
        """Raises UpgradeRequired, BadHandshake, ForeignOrigin."""
        if [value.strip().lower() for value in headers.getall("Upgrade", ())] != ["websocket"]:
            raise UpgradeRequired
        if headers.getall("Sec-WebSocket-Version", ()) != [_VERSION]:
            raise UpgradeRequired
        if version != (1, 1) or "upgrade" not in _items(headers.getall("Connection", ()), lower=True):
            raise BadHandshake("Not an upgrade of HTTP/1.1.")
        if "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0" or "Expect" in headers:
            raise BadHandshake("A handshake has no body.")
        keys = headers.getall("Sec-WebSocket-Key", ())
        if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
            raise BadHandshake("Sec-WebSocket-Key must be 16 bytes in base64, once.")
        origins = headers.getall("Origin", ())
        if origins and (len(origins) > 1 or origins[0] not in self._origins):
            raise ForeignOrigin
        return _handshake(keys[0], headers)


def accept_of(key: str) -> str:
    """Return the Sec-WebSocket-Accept that proves that `key` was read by a WebSocket server."""
    return b64encode(sha1((key + _GUID).encode()).digest()).decode()  # noqa: S324  as RFC 6455 has it; proves no identity


def _handshake(key: str, headers: MultiMapping[str]) -> Handshake:
    offered = _items(headers.getall("Sec-WebSocket-Protocol", ()))
    if len(set(offered)) != len(offered) or not all(_TOKEN.fullmatch(each) for each in offered):
        raise BadHandshake("Sec-WebSocket-Protocol must be a list of different names.")
    protocols = tuple(each for each in offered if not _is_credential(each))
    if offered and not protocols:  # a browser gives up where none of its subprotocols is chosen, and no service can
        raise BadHandshake("Beside bearer.TOKEN, Sec-WebSocket-Protocol must offer one that the service speaks.")
    tokens = [f"Bearer {each[len(_CREDENTIAL) :]}" for each in offered if _is_credential(each)]
    authorization = (*headers.getall("Authorization", ()), *tokens)
    return Handshake(key, protocols, tuple(_items(headers.getall("Sec-WebSocket-Extensions", ()))), authorization)


def _is_credential(protocol: str) -> bool:
    """However it is spelled: a token that we don't take for one would reach the service."""
    return protocol.lower().startswith(_CREDENTIAL)


def _items(values: Sequence[str], *, lower: bool = False) -> list[str]:
    """The elements of a header that is a list; an empty one is none."""
    items = [item.strip() for value in values for item in value.split(",")]
    return [item.lower() if lower else item for item in items if item]
