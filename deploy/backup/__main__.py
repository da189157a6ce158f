"""Backup and restore of any installation, told by the environment (docs/configuration.md).

The embedded stack has `make backup` and the like.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from deploy.backup import commands, secret_files
from deploy.backup.installation import Installation, Server
from deploy.backup.restoring import restore, restore_secrets
from deploy.backup.settings import InstallationSettings, SecretsSettings, VaultSettings
from deploy.local.binaries import postgres_client
from shared.settings import load

_USAGE = """\
usage: python -m deploy.backup backup TO
                               verify FROM
                               restore FROM [--keep-sessions] [--skip-damaged]
                               restore-secrets FROM
                               prune FOLDER KEEP"""


def _installation() -> Installation:
    settings = load(InstallationSettings)
    server = Server(settings.admin_url, settings.database, partial(postgres_client, os.environ))
    return Installation(server, settings.secrets, settings.storage)


def _known_key() -> str:
    return secret_files.known_public_key(Path(folder)) if (folder := os.environ.get("SECRETS_DIR")) else ""


def _restore(source: Path, words: Sequence[str]) -> None:
    options = commands.read_options(words)
    backup = commands.opened(source, load(VaultSettings), "")
    damaged = asyncio.run(restore(backup, _installation(), options))
    commands.restored(backup, options, damaged)


def _restore_secrets(source: Path) -> None:
    """Restore the secrets alone, where the database's server needs its own before it can be started."""
    folder = load(SecretsSettings).secrets
    backup = commands.opened(source, load(VaultSettings), "")
    count = restore_secrets(backup, folder)
    print(f"Restored {count} secrets of {backup.folder} into {folder}.")


def main(arguments: list[str]) -> int:
    match arguments:
        case ["backup", to]:
            return commands.reported(lambda: _back_up(Path(to)))
        case ["verify", source]:
            return commands.reported(
                lambda: commands.check(Path(source), load(VaultSettings), _known_key(), os.environ)
            )
        case ["restore-secrets", source]:
            return commands.reported(lambda: _restore_secrets(Path(source)))
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
