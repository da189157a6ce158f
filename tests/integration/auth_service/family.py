"""What must be true of one session, by what was done to it and nothing else: the other side of the histories."""

import time
from dataclasses import dataclass, field
from enum import Enum, auto
from uuid import UUID

from tests.integration.auth_service.people import Person

GRACE = 30.0  # seconds
IDLE_DAYS, ALL_DAYS = 30.0, 90.0
_DAY = 86_400.0
_UNSURE = 4.0  # seconds around the grace's end, in which a busy machine decides


class Expected(Enum):
    NEXT = auto()  # a new generation
    SAME = auto()  # the answer that was given for the current one
    REUSE = auto()
    ENDED = auto()
    EXPIRED = auto()


@dataclass
class Age:
    """Seconds since something: those that were pretended and those that passed."""

    pretended: float = 0.0
    since: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return self.pretended + time.monotonic() - self.since


@dataclass
class Family:
    """A session, and all refresh tokens of it that anybody was ever given, by generation.

    `held` is what its owner has, and which generation that is; `stolen` what the thief has. A browser's has its cookie.
    """

    person: Person
    session_id: UUID
    cookie: str = ""
    held: tuple[int, str] = (1, "")
    stolen: tuple[int, str] | None = None
    generation: int = 1
    confirmed: int = 0
    reason: str | None = None  # why it was ended
    thief_got_on: bool = False
    given: dict[int, set[str]] = field(default_factory=dict)
    rotated: Age = field(default_factory=Age)
    used: Age = field(default_factory=Age)
    began: Age = field(default_factory=Age)

    def __post_init__(self) -> None:
        if not self.cookie:
            self.held = (1, self.person.refresh_token)
            self.given[1] = {self.person.refresh_token}

    @property
    def expired(self) -> bool:
        return self.used.seconds >= IDLE_DAYS * _DAY or self.began.seconds >= ALL_DAYS * _DAY

    @property
    def lives(self) -> bool:
        return self.reason is None and not self.expired

    @property
    def unsure(self) -> bool:
        return abs(self.rotated.seconds - GRACE) < _UNSURE

    def expect(self, generation: int) -> Expected:
        """Tell what presenting the token of `generation` must lead to."""
        if self.reason is not None:
            return Expected.ENDED
        if self.expired:
            return Expected.EXPIRED
        if generation == self.generation:
            return Expected.NEXT
        arrived = self.confirmed >= self.generation and self.rotated.seconds >= GRACE
        return Expected.SAME if generation == self.generation - 1 and not arrived else Expected.REUSE

    def moved(self, generation: int) -> None:
        """Take note that `generation` is the current one, which somebody has just asked for."""
        if generation != self.generation:
            self.generation, self.rotated = generation, Age()
        self.used = Age()

    def give(self, generation: int, token: str) -> None:
        self.given.setdefault(generation, set()).add(token)

    def pass_time(self, seconds: float) -> None:
        for age in (self.rotated, self.used, self.began):
            age.pretended += seconds
