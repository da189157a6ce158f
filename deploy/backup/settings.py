"""What `python -m deploy.backup` is told. The embedded stack's launcher knows it by itself, but for the passphrase."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from deploy.roles import DATABASE
from shared.settings import Env, Secret

_LEAST = 16  # characters


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """What opens backups, and by which public key they have to be signed; empty: by the installation's own."""

    passphrase: Secret
    public_key: str

    @classmethod
    def from_env(cls, env: Env) -> Self:
        passphrase = env.secret("BACKUP_PASSPHRASE")
        if passphrase.reveal() and len(passphrase.reveal()) < _LEAST:
            env.mistake(f"BACKUP_PASSPHRASE must have at least {_LEAST} characters")
        return cls(passphrase, env.text("BACKUP_PUBLIC_KEY", ""))


@dataclass(frozen=True, slots=True)
class InstallationSettings:
    """`admin_url` is a superuser's, to any database of the server; `secrets` is the folder with all of them."""

    admin_url: Secret
    database: str
    files_root: Path
    secrets: Path

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            admin_url=env.secret("DATABASE_ADMIN_URL"),
            database=env.text("DATABASE_NAME", DATABASE),
            files_root=env.path("FILES_ROOT"),
            secrets=env.path("SECRETS_DIR"),
        )
