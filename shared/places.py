"""URLs that say where a server is."""

from collections.abc import Sequence
from urllib.parse import urlsplit

_SEPARATORS = frozenset(" \t,;")  # of lists, where one place is meant


def is_place(raw: str, schemes: Sequence[str]) -> bool:
    """Tell whether it is a scheme of these, a host, perhaps a port and a path, and nothing else.

    Of the scheme `unix` it is a path alone, that of a Unix domain socket: unix:///run/users.sock.
    """
    try:
        parts = urlsplit(raw)
        if parts.scheme not in schemes or parts.query or parts.fragment:
            return False
        if parts.scheme == "unix":
            return not parts.netloc and len(parts.path) > 1 and not _SEPARATORS.intersection(parts.path)
        return bool(parts.hostname) and not _SEPARATORS.intersection(parts.netloc) and parts.port != 0
    except ValueError:  # an unclosed bracket, or a port that is none
        return False
