"""Work that must be done though nobody waits for it: what one piece of it is, and how a kind of it is carried out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewJob:
    """`payload` means something to its kind alone. Beyond `expires_at` it isn't worth doing any more."""

    job_id: UUID
    kind: str
    payload: bytes
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job in the hands of one worker. `attempt` counts from 1, `traceparent` is of the request that asked for it."""

    job_id: UUID
    kind: str
    payload: bytes
    attempt: int
    traceparent: str | None = None


class GiveUp(Exception):
    """Doing it again is of no use; the reason is kept with the job, so it holds no secret and no personal data."""


Work = Callable[[Job], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How jobs of one name are done: `together` of them at once in one process, each in at most `timeout` seconds.

    `work` may be called more than once for a job, as whoever did it may die before that is written down. Where it
    raises `Unavailable`, what it needs is away: that isn't counted, and the whole kind rests for a moment.
    After `GiveUp`, or after `most_attempts` other failures, the job is kept as failed.
    """

    work: Work
    timeout: float = 30.0
    together: int = 4
    most_attempts: int = 20
