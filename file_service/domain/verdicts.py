"""What the virus scanner says of a file, and who may have its bytes then."""

from dataclasses import dataclass
from enum import StrEnum

from file_service.errors import FileInfected, FileQuarantined, FileUnchecked


class Verdict(StrEnum):
    NONE = "none"  # no scanner was configured when it came
    PENDING = "pending"
    CLEAN = "clean"
    INFECTED = "infected"
    SKIPPED = "skipped"  # the scanner can't look at it: it is too large, or takes too long


@dataclass(frozen=True, slots=True)
class CheckPolicy:
    """What is done with files that the scanner can't look at. `most_bytes` is None where there is no scanner."""

    most_bytes: int | None = None
    unchecked_pass: bool = False

    def largest(self, limit: int) -> int:
        """Return how many bytes a file may have where `limit` are allowed of any: more can't be given out anyway."""
        return limit if self.most_bytes is None or self.unchecked_pass else min(limit, self.most_bytes)

    def first_verdict(self, size: int) -> Verdict:
        """Return what a new file of `size` begins with."""
        if self.most_bytes is None:
            return Verdict.NONE
        return Verdict.PENDING if size <= self.most_bytes else Verdict.SKIPPED

    def releases(self, verdict: Verdict) -> bool:
        """Tell whether bytes with this verdict may go out."""
        return verdict in (Verdict.NONE, Verdict.CLEAN) or (verdict is Verdict.SKIPPED and self.unchecked_pass)

    def require_release(self, verdict: Verdict) -> None:
        """Raises FileQuarantined, FileInfected or FileUnchecked unless bytes with this verdict may go out."""
        if self.releases(verdict):
            return
        if verdict == Verdict.PENDING:
            raise FileQuarantined(headers={"Retry-After": "2"})
        raise FileInfected if verdict == Verdict.INFECTED else FileUnchecked
