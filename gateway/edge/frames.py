"""WebSocket frames (RFC 6455, section 5) as far as a relay must know them: where one ends, and how to say goodbye."""

GOING_AWAY, POLICY_VIOLATION = 1001, 1008
_CLOSE = 0x88  # the last frame of a message, a Close
_CLOSING, _OPCODE = 0x08, 0x0F
_SHORTEST = 2  # bytes of a frame's head
_MASKED = 0x80
_LENGTH = 0x7F
_WIDTHS = {126: 2, 127: 8}  # bytes of a length that doesn't fit into seven bits
_MASK = 4  # bytes


def close_frame(code: int, reason: str) -> bytes:
    """Return a server's Close, which is never masked; `reason` is short."""
    payload = code.to_bytes(2, "big") + reason.encode()
    return bytes((_CLOSE, len(payload))) + payload


class Frames:
    """Follows one direction's bytes. `at_boundary`: whether a frame of ours may follow what has passed."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0  # bytes of the frame's payload that are still to come
        self.has_closed = False

    @property
    def at_boundary(self) -> bool:
        return not self._head and not self._left and not self.has_closed

    def feed(self, data: bytes) -> None:
        """Read heads and step over payloads. One loop: there may be half a million frames in a MiB."""
        data = self._head + data
        position, size = self._left, len(data)
        while position + _SHORTEST <= size:
            opcode, length = data[position] & _OPCODE, data[position + 1]
            payload = position + _SHORTEST
            if length & _MASKED:
                length &= _LENGTH
                payload += _MASK
            if length in _WIDTHS:
                payload += _WIDTHS[length]
            if payload > size:
                break
            if length in _WIDTHS:
                length = int.from_bytes(data[position + 2 : position + 2 + _WIDTHS[length]], "big")
            if opcode == _CLOSING:
                self.has_closed = True
            position = payload + length
        self._head = data[position:]
        self._left = max(0, position - size)
