"""`python -m deploy.doctor [--json]`: look at a running stack. The status is 1 if anything failed, else 0.

Started in the environment of one program, it looks at what that one was told as well.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from deploy.backup.folder import BackupFolder, made_at
from deploy.doctor.examination import examine
from deploy.doctor.finding import document, lines, status
from deploy.doctor.settings import DoctorSettings, program_of
from deploy.doctor.stack import Backups, Stack
from shared.settings import load

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_USAGE = "usage: python -m deploy.doctor [--json]"


def report(stack: Stack, *, as_json: bool) -> int:
    """Examine the stack, print what was found, and return the exit status."""
    findings = asyncio.run(examine(stack))
    print(document(findings) if as_json else lines(findings))
    return status(findings)


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--json"]):
        print(_USAGE, file=sys.stderr)
        return 2
    settings = load(DoctorSettings)
    environments = {program_of(os.environ): dict(os.environ)}
    backups = _backups(settings.backups) if settings.backups else None
    return report(Stack(settings.public_url, settings.private, environments, backups), as_json=bool(arguments))


def _backups(folder: Path) -> Backups:
    """Ask the folder itself. One that has none yet has been waiting for one for ever."""
    found = BackupFolder(folder).backups()
    return Backups(made_at(found[-1]) if found else None, _LONG_AGO)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
