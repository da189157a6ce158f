"""`make backup` and the like, for the embedded stack: the launcher knows all of it but the passphrase."""

import asyncio
import os
from functools import partial
from pathlib import Path

from deploy.backup import commands, secret_files
from deploy.backup.errors import BackupError
from deploy.backup.installation import Installation, Server
from deploy.backup.restoring import Options, check_files, check_restorable, fill
from deploy.backup.settings import VaultSettings
from deploy.local.binaries import postgres_bindir, postgres_client
from deploy.local.database import superuser_url
from deploy.local.errors import LaunchError
from deploy.local.home import find_home
from deploy.local.lasting import note_restored
from deploy.local.lone_postgres import lone_postgres
from deploy.local.postgres import SUPERUSER
from deploy.local.running import ELSEWHERE
from deploy.local.settings import chosen, read_settings
from deploy.local.state import State
from deploy.roles import DATABASE
from file_service.storage_settings import StorageSettings
from shared.settings import Env, Secret, SettingsError, load

NOTE = "backup.json"  # of the last one, for the doctor


def back_up(to: str = "") -> int:
    """Back up the stack, whether or not it runs."""
    return commands.reported(lambda: _back_up(_named(to, "TO")))


def verify(source: str = "") -> int:
    def work() -> None:
        state = State(read_settings().state)
        known = secret_files.known_public_key(state.secrets)
        commands.check(_named(source, "FROM"), load(VaultSettings), known, os.environ)

    return commands.reported(work)


def restore(source: str = "", *words: str) -> int:
    """Restore into a state that holds nothing yet."""
    return commands.reported(lambda: _restore(_named(source, "FROM"), commands.read_options(words)))


def prune(folder: str = "", keep: str = "") -> int:
    return commands.reported(
        lambda: commands.forget(_named(folder, "FROM"), commands.read_keep(keep), load(VaultSettings))
    )


def _named(path: str, name: str) -> Path:
    if not path:
        raise LaunchError(f"Which folder? Say {name}=...")
    return Path(path)


def _back_up(to: Path) -> None:
    vault = load(VaultSettings)
    state = State(read_settings().state)
    if not (state.root / "instance").is_file():
        raise LaunchError(f"There is no stack in {state.root}. {ELSEWHERE}")
    with superuser_url(state) as url:
        made = commands.back_up(_installation(state, url), to, vault)
    state.write(NOTE, {"path": str(made.path), "made_at": made.manifest.made_at})


def _installation(state: State, url: str) -> Installation:
    server = Server(Secret(url), DATABASE, partial(postgres_client, os.environ))
    return Installation(server, state.secrets, _storage(state))


def _storage(state: State) -> StorageSettings:
    """Return where the stack's files lie: as it was started with, and with this shell's credentials of a bucket."""
    environ = os.environ | (chosen(state) or {})
    if not environ.get("FILES_STORAGE"):
        environ["FILES_ROOT"] = environ.get("FILES_ROOT") or str(state.files)
    env = Env(environ)
    settings = StorageSettings.from_env(env)
    try:
        env.check()
    except SettingsError as exc:
        raise LaunchError(". ".join(exc.mistakes) + ".") from None
    return settings


def _restore(source: Path, options: Options) -> None:
    """The cluster is made with the password that the backup brings, so the secrets come first."""
    backup = commands.opened(source, load(VaultSettings), "")
    secrets = check_restorable(backup, options)
    if SUPERUSER not in secrets:
        raise BackupError("The backup is of another kind of installation: `python -m deploy.backup restore` takes it.")
    state = State(read_settings().state)
    state.create()
    state.lock()
    _check_unused(state)
    asyncio.run(check_files(backup, _installation(state, "")))
    secret_files.begin(state.secrets, backup.manifest.backup_id, secrets)
    secret_files.write(state.secrets, secrets)
    note_restored(state, secrets)
    with lone_postgres(state, secrets[SUPERUSER].decode().strip(), os.environ) as url:
        damaged = asyncio.run(fill(backup, _installation(state, url), secrets, options))
    commands.restored(backup, options, damaged)


def _check_unused(state: State) -> None:
    """Raises LaunchError where somebody's installation lies; what a restore left that was broken off is none."""
    if secret_files.is_begun(state.secrets):
        return
    if find_home(state, postgres_bindir(os.environ)).exists or secret_files.collect(state.secrets):
        raise LaunchError(
            f"{state.root} holds an installation: restore into another folder with STATE_DIR=..., or move it away."
        )
