"""URLs that say where a server is."""

import os
import sys
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

LONGEST_SOCKET = 107 if sys.platform == "linux" else 103  # bytes of a Unix domain socket's path
_SEPARATORS = frozenset(" \t,;")  # of lists, where one place is meant
_BEHIND_A_PATH = frozenset("?#")


def is_place(raw: str, schemes: Sequence[str]) -> bool:
    """Tell whether it is a scheme of these, a host, perhaps a port and a path, and nothing else.

    Of the scheme `unix` it is a path alone, that of a Unix domain socket: unix:///run/users.sock.
    """
    try:
        parts = urlsplit(raw)
        if parts.scheme not in schemes or parts.query or parts.fragment:
            return False
        if parts.scheme == "unix":
            return bool(socket_path(raw))
        return bool(parts.hostname) and not _SEPARATORS.intersection(parts.netloc) and parts.port != 0
    except ValueError:  # an unclosed bracket, or a port that is none
        return False


def socket_path(url: str) -> str:
    """Return the path in unix:///path, in which characters may be percent-encoded.

    Raises ValueError for what is no such URL, and for a path that no socket can have.
    """
    encoded = url.removeprefix("unix://")
    if encoded == url or (_SEPARATORS | _BEHIND_A_PATH).intersection(encoded):
        raise ValueError("it isn't unix:///path")
    path = unquote(encoded, errors="strict")
    check_socket(path)
    return path


def check_socket(path: str) -> None:
    """Raises ValueError for a path that no socket can have, or that means another one elsewhere."""
    if not path.startswith("/") or not path.strip("/") or "\0" in path:
        raise ValueError("it must be an absolute path")
    if len(os.fsencode(path)) > LONGEST_SOCKET:
        raise ValueError(f"a socket's path has {LONGEST_SOCKET} bytes at most")
