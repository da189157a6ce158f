"""`python -m file_service` serves; `python -m file_service migrate` brings the schema up to date."""

import asyncio
import sys
from collections.abc import Sequence
from functools import partial

from file_service.app import MIGRATIONS, SCHEMA, open_service
from file_service.settings import MigrationSettings, Settings
from shared.migrate import migrate
from shared.serve import serve
from shared.settings import load


def main(argv: Sequence[str]) -> int:
    if argv == ["migrate"]:
        asyncio.run(migrate(load(MigrationSettings).owner_url.reveal(), SCHEMA, MIGRATIONS))
        return 0
    settings = load(Settings)
    return serve(settings.process, partial(open_service, settings))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
