"""The route file as values: routes, the limit classes they name, and the one way the file can be wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

LimitKey = Literal["address", "user"]

LOCAL = "local"  # the upstream of the gateway's own pages
DEFAULT_IDLE = 300.0  # seconds

# What is only ever served on private ports. No file can route to these, and no table matches them.
PRIVATE_SEGMENTS = frozenset({"livez", "readyz", "metrics", "internal"})


@dataclass(frozen=True, slots=True)
class CacheRule:
    """What the cache does on a route. `keeps`: its GETs may be answered from it, and their answers be kept.

    A rule that doesn't is for routes whose unsafe methods take away what another route keeps. `max_body`: the largest
    body that is kept, in bytes. `headers`: those of the client's that the service gets, and that answers are kept by.
    """

    keeps: bool
    max_body: int = 0
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """Where requests under `prefix` go (or at exactly that path, if `exact`) and under which rules.

    `auth` is "public", "optional", "user", "session", or for users with a grant "role:NAME" or "scope:NAME".
    `timeout` is in seconds, for the whole exchange; `max_body` in bytes; `limit` names a limit class.
    `pass_credentials`: the upstream gets Authorization and the session cookie; only for those who must judge them.
    `websocket`: takes WebSocket handshakes, and nothing else. `idle`: seconds for which a stream may carry no byte.
    `cache`: None where the cache has nothing to do with the route.
    `line` is where it stands in its file.
    """

    name: str
    prefix: str
    exact: bool
    methods: frozenset[str]
    upstream: str
    auth: str
    limit: str
    timeout: float
    max_body: int
    pass_credentials: bool
    websocket: bool = False
    idle: float = DEFAULT_IDLE
    cache: CacheRule | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class LimitDeclaration:
    """A limit class as the file has it; what `policy` means is the limiter's to say."""

    name: str
    policy: str
    key: LimitKey
    strict: bool


@dataclass(frozen=True, slots=True)
class Mistake:
    line: int
    text: str


class RoutesError(Exception):
    """The file can't be used. Lists every mistake, so that one edit can mend them all."""

    def __init__(self, path: str, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.line))
        super().__init__("\n".join(f"{path}:{mistake.line}: {mistake.text}" for mistake in self.mistakes))
