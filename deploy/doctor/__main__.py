"""`python -m deploy.doctor [--json]`: look at a running stack. The status is 1 if anything failed, else 0.

Started in the environment of one program, it looks at what that one was told as well.
"""

import asyncio
import os
import sys

from deploy.doctor.examination import examine
from deploy.doctor.finding import document, lines, status
from deploy.doctor.settings import DoctorSettings, program_of
from deploy.doctor.stack import Stack
from shared.settings import load

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
    return report(Stack(settings.public_url, settings.private, environments), as_json=bool(arguments))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
