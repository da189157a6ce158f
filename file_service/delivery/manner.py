"""How bytes are handed out, by the way that led to them."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

# What browsers show without running anything in it. Not PDF: Chromium shows none in a sandbox, and nothing of ours is
# shown without one. Not SVG, which is a document with scripts.
_STILL = re.compile(r"image/(avif|bmp|gif|jpeg|png|webp|x-icon|vnd\.microsoft\.icon)|text/plain")
_PLAYED = re.compile(r"(audio|video)/[a-z0-9.-]+")
_ATTACHMENT_POLICY = "default-src 'none'; sandbox"
# A browser makes a small document around what it shows, with styles of its own. Around a film or recording it is one
# that loads it from here, which Chromium does for none without an origin; scripts are out of the question all the same.
_STILL_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"
_PLAYED_POLICY = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox allow-same-origin"

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
        return self.policy(content_type) != _ATTACHMENT_POLICY

    def policy(self, content_type: str) -> str:
        """Return the Content-Security-Policy."""
        if self.inline and _STILL.fullmatch(content_type):
            return _STILL_POLICY
        return _PLAYED_POLICY if self.inline and _PLAYED.fullmatch(content_type) else _ATTACHMENT_POLICY


OWN = Manner()
