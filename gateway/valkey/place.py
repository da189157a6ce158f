"""Where Valkey is, as a URL says it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

_PORT = 6379
_CLUSTER = "+cluster"
_AUTHORITY = re.compile(r"[^/?#]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is, at a socket's `path` or else at host and port, and who we are there."""

    path: str
    host: str
    port: int
    user: str
    password: str
    database: int
    is_tls: bool
    ca_file: str | None

    @property
    def url(self) -> str:
        """What `read_url` reads as this place, which isn't a socket's."""
        scheme = "rediss" if self.is_tls else "redis"
        host = f"[{self.host}]" if ":" in self.host else self.host
        query = f"?{urlencode({'ssl_ca_certs': self.ca_file})}" if self.ca_file else ""
        return f"{scheme}://{_quoted(self.user)}:{_quoted(self.password)}@{host}:{self.port}/{self.database}{query}"


def _quoted(word: str) -> str:
    return quote(word, safe="")


def is_cluster(url: str) -> bool:
    return url.partition("://")[0].endswith(_CLUSTER)


def read_url(url: str) -> Place:
    """Read redis://, rediss:// (with `?ssl_ca_certs=FILE` for a CA of one's own) and unix:// as redis-py does.

    Raises ValueError.
    """
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    by_socket = parts.scheme == "unix"
    database = query.get("db") or ("" if by_socket else parts.path.strip("/"))
    return Place(
        path=unquote(parts.path) if by_socket else "",
        host=unquote(parts.hostname or "localhost"),
        port=parts.port or _PORT,
        user=unquote(parts.username or "") or "default",
        password=unquote(parts.password or ""),
        database=int(database or 0),
        is_tls=parts.scheme == "rediss",
        ca_file=query.get("ssl_ca_certs"),
    )


def read_cluster_url(url: str) -> Sequence[Place]:
    """Read redis+cluster:// or rediss+cluster:// with some nodes, HOST:PORT,HOST:PORT. Raises ValueError."""
    scheme, _, rest = url.partition("://")  # by hand: no list of nodes is the host of a URL
    place = _AUTHORITY.match(rest)
    assert place is not None  # it matches anything
    login, at, nodes = place[0].rpartition("@")
    single, tail = scheme.removesuffix(_CLUSTER), rest[place.end() :]
    return [read_url(f"{single}://{login}{at}{node}{tail}") for node in nodes.split(",")]
