"""The route file as values: routes, the limit classes they name, and the one way the file can be wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

LimitKey = Literal["address", "user"]
Host = Literal["public", "content"]

LOCAL = "local"  # the upstream of the gateway's own pages
DEFAULT_IDLE, DEFAULT_HEAD_TIMEOUT = 300.0, 60.0  # seconds
MOST_RETRIES = 2
ANY_ACR = "aal1"  # what every session has proved

# What is only ever served on private ports. No file can route to these, and no table matches them.
PRIVATE_SEGMENTS = frozenset({"livez", "readyz", "metrics", "internal"})


@dataclass(frozen=True, slots=True)
class CacheRule:
    """What the cache does on a route. `keeps`: its GETs may be answered from it, and their answers be kept.

    `kept_by`: those routes of whose answers its unsafe methods take some away. `max_body`: the largest body that is
    kept, in bytes. `headers`: those of the client's that the service gets, and that answers are kept by.
    """

    keeps: bool
    kept_by: "tuple[Route, ...]" = ()
    max_body: int = 0
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """Where requests under `prefix` go (or at exactly that path, if `exact`) and under which rules.

    `auth` is "public", "optional", "user", "session", or for users with a grant "role:NAME" or "scope:NAME".
    `timeout` is in seconds, for the whole exchange; `max_body` in bytes; `limit` names a limit class.
    `pass_credentials`: the upstream gets Authorization and the session cookie; only for those who must judge them.
    `method_override`: the upstream may take a POST for another of the route's methods, if its client says so.
    `websocket`: takes WebSocket handshakes, and nothing else. `idle`: seconds for which a stream may carry no byte.
    `head_timeout`: seconds until the answer's head; `retries`: how often a request that may be is sent again.
    `cost`: how much of its limit a request uses.
    `acr`, `max_age`: how well its session must have been proved, and how many seconds ago at most; 0 for any age.
    `sign_in`: the path of the page that browsers are led to instead of being told 401; empty for none.
    `host`: "content" where the route is also to be had, with others of its kind alone, at FILES_PUBLIC_URL.
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
    method_override: bool = False
    websocket: bool = False
    idle: float = DEFAULT_IDLE
    head_timeout: float = DEFAULT_HEAD_TIMEOUT
    retries: int = MOST_RETRIES
    cost: int = 1
    acr: str = ANY_ACR
    max_age: int = 0
    sign_in: str = ""
    host: Host = "public"
    cache: CacheRule | None = None
    line: int = 0

    def covers(self, path: str) -> bool:
        """Tell whether it is a route of that canonical path."""
        if self.exact:
            return path == self.prefix
        return self.prefix in ("/", path) or path.startswith(f"{self.prefix}/")


class Rate(Protocol):
    """One rate of a limit's policy, as far as a route file cares: no more than `limit` at once."""

    @property
    def limit(self) -> int: ...


ParsePolicy = Callable[[str], Sequence[Rate]]  # raises ValueError


@dataclass(frozen=True, slots=True)
class LimitDeclaration:
    """A limit class as the file has it; what `policy` means is the limiter's to say.

    `burst` is what it can let pass at once, so what a single request may cost.
    """

    name: str
    policy: str
    key: LimitKey
    strict: bool
    dry_run: bool
    burst: int


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """How an upstream is treated. Numbers are per instance, those of the queue for the upstream; times in seconds."""

    connect_timeout: float = 2.0
    keep_alive: float = 30.0
    max_in_flight: int = 1024
    queue: int = 256
    queue_timeout: float = 0.5


@dataclass(frozen=True, slots=True)
class Mistake:
    line: int
    text: str


class RoutesError(Exception):
    """The file can't be used. Lists every mistake, so that one edit can mend them all."""

    def __init__(self, path: str, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.line))
        super().__init__("\n".join(f"{path}:{mistake.line}: {mistake.text}" for mistake in self.mistakes))
