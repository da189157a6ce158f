"""Where an app is reached (RFC 8252, 7): what an operator may list, and what a sign-in may be sent to."""

import re
from urllib.parse import urlsplit

from auth_service.errors import InvalidRedirectUri
from shared.errors import Violation

_VISIBLE = re.compile(r"[!-~]{1,512}")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")  # a domain of the app's maker, reversed
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def is_redirect_uri(text: str) -> bool:
    """Tell whether a code may be sent there: by https, to this machine, or to an app by a scheme of its own."""
    if not _VISIBLE.fullmatch(text) or "\\" in text or "#" in text:
        return False
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host) and "@" not in parts.netloc
    if parts.scheme == "http":
        return host in _LOOPBACK and "@" not in parts.netloc
    return bool(_PRIVATE_SCHEME.fullmatch(parts.scheme))


def accept_redirect_uri(text: str, allowed: tuple[str, ...]) -> str:
    """Return it if it is, character for character, one of `allowed`. Raises InvalidRedirectUri."""
    if text not in allowed:
        raise InvalidRedirectUri(errors=[Violation("/redirect_to", "must be one of AUTH_REDIRECT_URIS, exactly")])
    return text
