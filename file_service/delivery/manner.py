"""How bytes are handed out, by the way that led to them."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

# What browsers show without running anything in it. Not PDF: Chromium shows none in a sandbox, and nothing of ours is
# shown without one. Not SVG, which is a document with scripts.
_SHOWN = re.compile(
    r"image/(avif|bmp|gif|jpeg|png|webp|x-icon|vnd\.microsoft\.icon)|(audio|video)/[a-z0-9.-]+|text/plain"
)
_ATTACHMENT_POLICY = "default-src 'none'; sandbox"
# A browser makes a small document around a picture, film or recording, with styles of its own, and loads it from here.
_INLINE_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"

Spend = Callable[[], Awaitable[None]]

PRIVATE = "private, no-cache"  # a file may be deleted any time, so caches ask each time


@dataclass(frozen=True, slots=True)
class Manner:
    """`name` goes before the file's own. `inline` is heeded for types that can't run anything in a browser.

    `spend` is for what may be had once: it is called before the first byte goes out, and raises if that has been had.
    """

    name: str | None = None
    inline: bool = False
    cache_control: str = PRIVATE
    spend: Spend | None = None

    def shows(self, content_type: str) -> bool:
        return self.inline and _SHOWN.fullmatch(content_type) is not None

    def policy(self, content_type: str) -> str:
        """Return the Content-Security-Policy."""
        return _INLINE_POLICY if self.shows(content_type) else _ATTACHMENT_POLICY


OWN = Manner()
