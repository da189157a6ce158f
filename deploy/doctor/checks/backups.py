"""How old the last backup is: what was written since is what would be lost."""

from datetime import UTC, datetime, timedelta

from deploy.doctor.finding import Finding, fail, ok, warn
from deploy.doctor.stack import Stack

_WARN, _FAIL = timedelta(hours=26), timedelta(days=7)  # a daily one may take its time
_SHORT = timedelta(days=3)
_ADVICE = "`make backup TO=...` from a timer (docs/backup.md), and look why the last one failed"


def backups(stack: Stack) -> list[Finding]:
    if stack.backups is None:
        return []
    now = datetime.now(UTC)
    age = now - (stack.backups.last or stack.backups.since)
    what = f"the last one is {_told(age)} old" if stack.backups.last else f"none yet, in {_told(age)}"
    if age > _WARN:
        return [(fail if stack.backups.last and age > _FAIL else warn)("backup", what, _ADVICE)]
    return [ok("backup", what)]


def _told(age: timedelta) -> str:
    hours = age / timedelta(hours=1)
    return f"{hours:.0f} h" if age < _SHORT else f"{age.days} days"
