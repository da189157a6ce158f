"""`python -m file_service` serves; `python -m file_service migrate` brings the schema up to date."""

import sys
from collections.abc import Sequence

from file_service.app import MIGRATIONS, SCHEMA, open_service
from file_service.settings import Settings
from shared.program import run_service


def main(argv: Sequence[str]) -> int:
    return run_service(argv, Settings, open_service, SCHEMA, MIGRATIONS)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
