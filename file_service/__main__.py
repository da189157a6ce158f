"""`python -m file_service` serves; with the name of a command it does that instead.

`migrate` brings the schema up to date, and `scrub` compares what is stored with what should be.
"""

import sys
from collections.abc import Sequence

from file_service.app import MIGRATIONS, SCHEMA, open_service
from file_service.scrub.command import scrub
from file_service.settings import Settings
from shared.program import run_service


def main(argv: Sequence[str]) -> int:
    if argv[:1] == ["scrub"]:
        return scrub(argv[1:])
    return run_service(argv, Settings, open_service, SCHEMA, MIGRATIONS)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
