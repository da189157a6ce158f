"""Credentials verified before, by the text that proved them."""

from gateway.authentication.principal import Credential, Principal

CACHE_SIZE = 50_000
_MOVED_AT_ONCE = 8


class VerifiedCredentials:
    """Bounded. What it holds may have died since: whoever looks it up checks that.

    A signed credential is short-lived, and its revocation is remembered for as long. The others live until they are
    revoked, so they must be forgotten by their id at that moment.
    """

    def __init__(self) -> None:
        self.by_text: dict[str, Principal] = {}  # oldest first
        self._texts: dict[str, str] = {}  # of what isn't signed, by credential id

    def remember(self, text: str, principal: Principal, now: float) -> None:
        self._make_room(now)
        if principal.kind is not Credential.ACCESS_TOKEN:
            self.forget_credential(principal.credential_id)  # a cookie may have been replaced by another
        self.by_text[text] = principal
        if principal.kind is not Credential.ACCESS_TOKEN:
            self._texts[principal.credential_id] = text

    def forget(self, text: str) -> None:
        principal = self.by_text.pop(text, None)
        if principal is not None:
            self._texts.pop(principal.credential_id, None)

    def forget_credential(self, credential_id: str) -> None:
        """Forget what isn't signed and has this id."""
        text = self._texts.get(credential_id)
        if text is not None:
            self.forget(text)

    def forget_unsigned(self) -> None:
        for text in tuple(self._texts.values()):
            self.forget(text)

    def _make_room(self, now: float) -> None:
        """Forget those of the oldest that have expired, and the oldest itself where it must be.

        What is old and lives on goes to the end, a few at a time, or it would hide what expires behind it.
        """
        by_text, moved = self.by_text, 0
        while by_text:
            oldest, known = next(iter(by_text.items()))
            if known.expires_at <= now or len(by_text) >= CACHE_SIZE:
                self.forget(oldest)
            elif known.kind is Credential.ACCESS_TOKEN or moved == _MOVED_AT_ONCE:
                break
            else:
                by_text[oldest] = by_text.pop(oldest)
                moved += 1
