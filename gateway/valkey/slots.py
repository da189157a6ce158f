"""Which part of a Valkey Cluster has a key: the hash slots of its specification."""

from binascii import crc_hqx
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

_SLOTS = 16384

Node = tuple[str, int]  # host, port


def slot_of(key: bytes) -> int:
    """Return CRC16 (XMODEM) modulo 16384 of the key, or of what stands in its first pair of braces."""
    _, brace, rest = key.partition(b"{")
    tag, end, _ = rest.partition(b"}")
    return crc_hqx(tag if brace and end and tag else key, 0) % _SLOTS


@dataclass(frozen=True, slots=True)
class Range:
    first: int
    last: int
    node: Node


class SlotMap:
    """The primaries, by the slots that they serve."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._ranges = sorted(ranges, key=lambda each: each.first)
        self._firsts = [each.first for each in self._ranges]

    @property
    def nodes(self) -> frozenset[Node]:
        return frozenset(each.node for each in self._ranges)

    def node_of(self, key: bytes) -> Node | None:
        """Return who serves the key's slot; None where nobody does, or nobody was asked yet."""
        slot = slot_of(key)
        found = bisect_right(self._firsts, slot) - 1
        if found < 0 or slot > self._ranges[found].last:
            return None
        return self._ranges[found].node


def read_slots(answer: object, asked: str) -> SlotMap:
    """Read the answer to CLUSTER SLOTS; a node that doesn't know its own name is at the host that was `asked`.

    Raises ConnectionError for a refusal, and where nobody serves anything.
    """
    if not isinstance(answer, list) or not answer:  # of a cluster that is yet to be formed
        raise ConnectionError(str(answer) if answer else "no slots are served")
    return SlotMap(Range(first, last, (_text(primary[0]) or asked, primary[1])) for first, last, primary, *_ in answer)


def _text(host: bytes | None) -> str:
    return host.decode() if host else ""
