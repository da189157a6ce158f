"""An answer as it is kept, and its form in Valkey."""

import msgspec

from gateway.cache.headers import Header
from gateway.cache.policy import Terms


class Entry(msgspec.Struct, frozen=True, array_like=True, weakref=True, eq=False):
    """A whole answer. `marker` is what its path's marker was when it was asked for: another one now, and it is void.

    `born` is when its age was nought, in seconds since 1970; `serial` tells it from every other.
    """

    marker: bytes
    serial: bytes
    status: int
    born: float
    headers: list[Header]
    terms: Terms
    body: bytes


_decoder = msgspec.msgpack.Decoder(Entry)
_encoder = msgspec.msgpack.Encoder()


def encode(entry: Entry) -> bytes:
    return _encoder.encode(entry)


def decode(data: bytes) -> Entry | None:
    """Return the entry; None if that is none, such as one of another release."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
