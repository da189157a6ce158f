"""URLs that say where a server is."""

from collections.abc import Sequence
from urllib.parse import urlsplit

_SEPARATORS = frozenset(" \t,;")  # of lists, where one place is meant


def is_place(raw: str, schemes: Sequence[str]) -> bool:
    """Tell whether it is a scheme of these, a host, perhaps a port and a path, and nothing else."""
    try:
        parts = urlsplit(raw)
        return (
            parts.scheme in schemes
            and bool(parts.hostname)
            and not _SEPARATORS.intersection(parts.netloc)
            and parts.port != 0
            and not (parts.query or parts.fragment)
        )
    except ValueError:  # an unclosed bracket, or a port that is none
        return False
