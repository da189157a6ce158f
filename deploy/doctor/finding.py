"""What a check has found, and its forms: a line for a person, an object for a machine."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject` names what was looked at, `what` is how it is, `advice` what to do about it."""

    level: Level
    subject: str
    what: str
    advice: str = ""

    @property
    def line(self) -> str:
        advice = f" - {self.advice}" if self.advice else ""
        return f"{self.level:<5} {self.subject}: {self.what}{advice}"


def ok(subject: str, what: str) -> Finding:
    return Finding(Level.OK, subject, what)


def warn(subject: str, what: str, advice: str) -> Finding:
    return Finding(Level.WARN, subject, what, advice)


def fail(subject: str, what: str, advice: str) -> Finding:
    return Finding(Level.FAIL, subject, what, advice)


def status(findings: Iterable[Finding]) -> int:
    """Return the exit status: 1 if anything failed. Warnings are for reading."""
    return int(any(finding.level is Level.FAIL for finding in findings))


def lines(findings: Sequence[Finding]) -> str:
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    summary = f"{counts[Level.OK]} ok, {counts[Level.WARN]} to look at, {counts[Level.FAIL]} failed"
    return "\n".join([*(finding.line for finding in findings), "", summary])


def document(findings: Sequence[Finding]) -> str:
    return json.dumps({"healthy": status(findings) == 0, "findings": [asdict(each) for each in findings]}, indent=2)
