"""What clients recorded while something failed, and what was found afterwards. All moments are of one clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer; status 0 is none. `expected`: a working stack may answer so."""

    client: str
    kind: str
    sent: float
    ended: float
    status: int
    code: str = ""
    expected: bool = True

    @property
    def failed(self) -> bool:
        return self.status == NO_ANSWER or self.status >= 500

    def __str__(self) -> str:
        return f"{self.kind} of {self.client}: {self.status or 'no answer'} {self.code}".rstrip()


@dataclass(slots=True)
class Write:
    """Revision by revision, one writer alone changes `subject`. Not `acknowledged` (when): it may happen or not."""

    subject: str
    revision: int
    sent: float
    acknowledged: float | None = None


@dataclass(frozen=True, slots=True)
class Read:
    subject: str
    revision: int
    sent: float
    ended: float


@dataclass(frozen=True, slots=True)
class Upload:
    """One answer that a file was stored. Repetitions of one request share the `key`."""

    owner: str
    key: str
    file_id: str
    size: int
    sha256: str
    ended: float


@dataclass(slots=True)
class Deletion:
    """Where it was acknowledged the file is gone; else it may be."""

    owner: str
    file_id: str
    sent: float
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Rotation:
    """A refresh token was answered with its successor. Tokens are told apart by their digests."""

    session: str
    generation: int
    presented: str
    successor: str
    sent: float


@dataclass(frozen=True, slots=True)
class Logout:
    session: str
    acknowledged: float


@dataclass(frozen=True, slots=True)
class LateUse:
    """An access token of a session was shown after its logout."""

    session: str
    sent: float
    accepted: bool


@dataclass(frozen=True, slots=True)
class Burst:
    """Requests of a fresh subject at one moment, within one window of its limit."""

    limit: int
    strict: bool
    sent: float
    ended: float
    passed: int
    refused: int
    failed: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What the service says of an owner: bytes stored and reserved, and the most that both may be."""

    owner: str
    stored: int
    reserved: int
    files: int
    quota: int


@dataclass
class History:
    """`wrongs` are what clients saw for themselves that may never be, in words."""

    exchanges: list[Exchange] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    doubtful_uploads: list[tuple[str, str]] = field(default_factory=list)  # owner, key: never answered
    rotations: list[Rotation] = field(default_factory=list)
    logouts: list[Logout] = field(default_factory=list)
    late_uses: list[LateUse] = field(default_factory=list)
    bursts: list[Burst] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FoundFile:
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FoundSession:
    """The row: `leaf` is the digest of the one refresh token that rotates it, `ended` why it was revoked, if it was."""

    generation: int
    leaf: str
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What is there when all is quiet again. `held` is, by session, the digest of the token that its client has."""

    revisions: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, FoundFile]] = field(default_factory=dict)
    usages: Sequence[Usage] = ()
    sessions: Mapping[str, FoundSession] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
