"""Row ids: UUIDv7 (RFC 9562), so that an index grows at its end. They show their time and are never secrets."""

import secrets
import time
from uuid import UUID

LOWEST, HIGHEST = UUID(int=0), UUID(int=2**128 - 1)  # below and above every row id: where a list begins


def uuid7() -> UUID:
    """Return a new id: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(80)
    value = (milliseconds << 80) | random
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)
