"""Profiles: each behaves as one copy that writes and reads take turns on, however many processes there are."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tests.chaos.history import Found, History, Read, Write


def lost_writes(history: History, found: Found) -> Iterator[str]:
    """Each read sees all that was acknowledged before it began, and nothing that wasn't tried before it ended."""
    writes: defaultdict[str, list[Write]] = defaultdict(list)
    for write in history.writes:
        writes[write.subject].append(write)
    for read in history.reads:
        yield from _judge(read, writes[read.subject])
    last = float("inf")
    for subject, revision in found.revisions.items():
        yield from _judge(Read(subject, revision, last, last), writes[subject])


def _judge(read: Read, writes: Sequence[Write]) -> Iterator[str]:
    least = max((write.revision for write in writes if _is_before(write, read)), default=0)
    most = max((write.revision for write in writes if write.sent < read.ended), default=0)
    if read.revision < least:
        yield f"revision {least} of {read.subject} was acknowledged, and {read.revision} is read later: a lost write"
    if read.revision > most:
        yield f"{read.subject} has revision {read.revision}, which nobody had written yet"


def _is_before(write: Write, read: Read) -> bool:
    return write.acknowledged is not None and write.acknowledged < read.sent
