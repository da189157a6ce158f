"""Looks at every byte of a backup: is it as it was made, is it whole, and does the dump make a database."""

import asyncio
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.backup.blobs import ListedBlob
from deploy.backup.copying import for_each
from deploy.backup.database import load_database
from deploy.backup.errors import BackupError, Damaged, shortened
from deploy.backup.installation import Server
from deploy.backup.opened import OpenBackup
from deploy.local import outside
from deploy.local.binaries import postgres_client
from deploy.local.lone_postgres import lone_postgres
from deploy.local.postgres import UNSAFE
from deploy.local.state import State
from shared.settings import Secret

_PASSWORD = "for-this-check-only"  # noqa: S105  of a server that is gone a moment later


# The next backup copies what isn't there, or is cut off; what has its size, it takes for whole.
_REMOVE = (
    "\nRemove the files that are damaged: then the next backup into this folder copies all of these again, as long as "
    "the installation has them."
)
_NOTHING_TO_REMOVE = "\nThe next backup into this folder copies them again, as long as the installation has them."
_RESTORE = "\nTo restore all the rest without them: --skip-damaged (SKIP_DAMAGED=1)."


@dataclass(frozen=True, slots=True)
class Verified:
    rows: int
    files: int


def verify(backup: OpenBackup, environ: Mapping[str, str]) -> Verified:
    """Raises Damaged, which names what is wrong; BackupError or LaunchError where it can't be looked at."""
    backup.check_pieces()
    secrets = backup.secrets()
    asyncio.run(check_files(backup))
    with tempfile.TemporaryDirectory(prefix="colonnade-verify-") as folder:
        Path(folder).chmod(0o711)  # run by root, PostgreSQL is somebody else
        state = State(Path(folder) / "state")
        state.create()
        try:
            _restore_for_a_moment(backup, secrets, state, environ)
        finally:
            outside.remove(state.instance)
            shutil.rmtree(state.root, ignore_errors=True)
    return Verified(sum(backup.manifest.tables.values()), backup.manifest.files)


async def check_files(backup: OpenBackup) -> None:
    """Raises Damaged, which names the first few, unless each file that the backup lists is here, whole."""
    wrong: list[str] = []
    in_the_way: list[ListedBlob] = []

    async def check(blob: ListedBlob) -> None:
        try:
            await asyncio.to_thread(backup.store.check, blob)
        except Damaged as exc:
            wrong.append(str(exc))
            in_the_way.extend([blob] if backup.store.has(blob) else [])

    await for_each(backup.blobs(), check)
    if wrong:
        raise Damaged(shortened(wrong) + (_REMOVE if in_the_way else _NOTHING_TO_REMOVE) + _RESTORE)


def _restore_for_a_moment(
    backup: OpenBackup, secrets: dict[str, bytes], state: State, environ: Mapping[str, str]
) -> None:
    with lone_postgres(state, _PASSWORD, environ, UNSAFE) as url:
        server = Server(Secret(url), "colonnade_verified", partial(postgres_client, environ))
        try:
            asyncio.run(load_database(backup, server, secrets))
        except Damaged:
            raise
        except BackupError as exc:
            raise Damaged(f"The dump can't be restored. {exc}") from exc
