"""WebSocket frames (RFC 6455, section 5) as far as a relay must know them: where one ends, and how to say goodbye."""

GOING_AWAY, POLICY_VIOLATION = 1001, 1008
_CLOSE = 0x88  # the last frame of a message, a Close
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
        position = 0
        while position < len(data):
            if self._left:
                step = min(self._left, len(data) - position)
                self._left -= step
                position += step
            else:
                position = self._feed_head(data, position)

    def _feed_head(self, data: bytes, position: int) -> int:
        """Take bytes of a frame's head from `position` on, and return where they end."""
        step = max(2, _head_size(self._head)) - len(self._head)
        self._head += data[position : position + step]
        if len(self._head) >= 2 and len(self._head) == _head_size(self._head):  # noqa: PLR2004  what tells the size
            self.has_closed |= self._head[0] & 0x0F == _CLOSE & 0x0F
            self._left = _payload_size(self._head)
            self._head = b""
        return min(position + step, len(data))


def _head_size(head: bytes) -> int:
    if len(head) < 2:  # noqa: PLR2004  the bytes that tell it
        return 2
    return 2 + _WIDTHS.get(head[1] & _LENGTH, 0) + (_MASK if head[1] & _MASKED else 0)


def _payload_size(head: bytes) -> int:
    short = head[1] & _LENGTH
    return int.from_bytes(head[2 : 2 + _WIDTHS[short]], "big") if short in _WIDTHS else short
