"""`python -m deploy.backup backup TO | verify FROM | restore FROM [OPTION...] | prune FOLDER KEEP`.

For any installation, by the environment (docs/configuration.md); the embedded stack has `make backup` and the like.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from deploy.backup import commands, secret_files
from deploy.backup.installation import Installation, Server
from deploy.backup.restoring import restore
from deploy.backup.settings import InstallationSettings, VaultSettings
from deploy.local.binaries import postgres_client
from shared.settings import Env, load

_USAGE = "usage: python -m deploy.backup backup TO | verify FROM | restore FROM [OPTION...] | prune FOLDER KEEP"


def _installation() -> Installation:
    settings = load(InstallationSettings)
    server = Server(settings.admin_url, settings.database, partial(postgres_client, os.environ))
    return Installation(server, settings.secrets, settings.storage)


def _known_key() -> str:
    secrets = Env(os.environ).text("SECRETS_DIR", "")
    return secret_files.known_public_key(Path(secrets) if secrets else None)


def _restore(source: Path, words: Sequence[str]) -> None:
    options = commands.read_options(words)
    backup = commands.opened(source, load(VaultSettings), "")
    damaged = asyncio.run(restore(backup, _installation(), options))
    commands.restored(backup, options, damaged)


def main(arguments: list[str]) -> int:
    match arguments:
        case ["backup", to]:
            return commands.reported(lambda: _back_up(Path(to)))
        case ["verify", source]:
            return commands.reported(
                lambda: commands.check(Path(source), load(VaultSettings), _known_key(), os.environ)
            )
        case ["restore", source, *words]:
            return commands.reported(lambda: _restore(Path(source), words))
        case ["prune", folder, keep]:
            return commands.reported(
                lambda: commands.forget(Path(folder), commands.read_keep(keep), load(VaultSettings))
            )
        case _:
            print(_USAGE, file=sys.stderr)
            return 2


def _back_up(to: Path) -> None:
    commands.back_up(_installation(), to, load(VaultSettings))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
