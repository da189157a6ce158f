"""What tells our own forms from those of other sites: a token that only a page of ours can have told this browser.

It is a MAC of what the browser holds and no page can read: its session, or before that a cookie of chance. So there is
nothing to store. A new nonce in each makes that compressing a page tells nothing about it (BREACH).
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Iterable

from multidict import MultiMapping

from shared.web.origins import other_address
from shared.web.pages.errors import CrossSiteForm

_NONCE_BYTES = 16


class CsrfTokens:
    """The newest key makes tokens, and each of them verifies."""

    def __init__(self, *keys: bytes) -> None:
        self._keys = keys

    def issue(self, holder: str) -> str:
        """Return a token for a form shown to `holder`: what tells one browser, in one session, from all others."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64.urlsafe_b64encode(nonce + _mac(self._keys[0], nonce, holder)).decode().rstrip("=")

    def is_genuine(self, token: str, holder: str) -> bool:
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return False
        nonce, mac = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        fits = [hmac.compare_digest(mac, _mac(key, nonce, holder)) for key in self._keys]
        return bool(holder) and any(fits)


def _mac(key: bytes, nonce: bytes, holder: str) -> bytes:
    return hmac.digest(key, b"form\0" + nonce + holder.encode(), "sha256")


def check_origin(headers: MultiMapping[str], origin: str) -> None:
    """Refuse what a browser says to come from another site than `origin`. Raises CrossSiteForm.

    Sec-Fetch-Site, which no page can set, decides where it is sent: not over plain http. Then Origin does, unless it is
    missing or `null`, as from a page with the policy no-referrer: there the form's token must do.
    """
    sites = headers.getall("Sec-Fetch-Site", ())
    if sites:
        _require(sites, {"same-origin"}, origin)
    else:
        _require(headers.getall("Origin", ()), {origin, "null"}, origin)


def _require(values: Iterable[str], accepted: set[str], ours: str) -> None:
    if not accepted.issuperset(values):
        raise CrossSiteForm(other_address(ours))
