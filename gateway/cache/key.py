"""What an answer is kept under: every input that the service was given, and nothing else reaches the service.

The gateway sends a cacheable request on with the headers that its route names and no others of the client's. So an
answer can't depend on anything that isn't in its key, whatever its `Vary` says or forgets to say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from gateway.cache.headers import Header

_ANYTHING = frozenset(("*", "*/*"))  # says no more than silence (RFC 9110, 12.5)
_BYTES = 20  # of a digest: nobody finds two inputs with the same


@dataclass(frozen=True, slots=True)
class Key:
    """`path` names the marker that all answers of one path share, `entry` one answer; both lie in one cluster slot."""

    path: str
    entry: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """`origin` is what the service is told that clients reach us by; `target` its path and query, in that order."""

    origin: str
    upstream: str
    target: str
    headers: Sequence[Header]

    def key(self) -> Key:
        path = path_key(self.origin, self.target.partition("?")[0])
        spoken = [part for header in self.headers for part in header]
        return Key(path, f"{path}:{_digest((self.upstream, self.target, *spoken))}")


def path_key(origin: str, path: str) -> str:
    """Return the name of a path's marker: whoever removes it has removed all that is kept of the path."""
    return f"cache:{{{_digest((origin, path))}}}"


def keyed_headers(received: Iterable[tuple[bytes, bytes]], names: Sequence[str]) -> list[Header]:
    """Return the headers of a request that its route lets through, spelt in one way, in the order of `names`."""
    found: dict[str, list[str]] = {name.lower(): [] for name in names}
    for name, value in received:
        members = found.get(name.decode("latin-1").lower())
        if members is not None:
            members += (member.strip() for member in value.decode("latin-1").split(","))
    spoken = [(name, ", ".join(filter(None, found[name.lower()]))) for name in names]
    return [(name, value) for name, value in spoken if value and value not in _ANYTHING]


def _digest(parts: Iterable[str]) -> str:
    """Digest the parts with their lengths, so that no two lists of parts read the same."""
    digest = blake2b(digest_size=_BYTES)
    for part in parts:
        octets = part.encode("utf-8", "surrogateescape")
        digest.update(b"%d:" % len(octets) + octets)
    return digest.hexdigest()
