"""What `python -m deploy.backup` is told. The embedded stack's launcher knows it by itself, but for the passphrase."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from deploy.roles import DATABASE
from file_service.storage_settings import StorageSettings
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
class SecretsSettings:
    """`secrets` is the folder with all of them."""

    secrets: Path

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(env.path("SECRETS_DIR"))


@dataclass(frozen=True, slots=True)
class InstallationSettings:
    """`admin_url` is a superuser's, to any database of the server; `secrets` is the folder with all of them.

    Files lie where file_service is told: its variables mean the same here.
    """

    admin_url: Secret
    database: str
    storage: StorageSettings
    secrets: Path

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            admin_url=env.secret("DATABASE_ADMIN_URL"),
            database=env.text("DATABASE_NAME", DATABASE),
            storage=StorageSettings.from_env(env),
            secrets=env.path("SECRETS_DIR"),
        )
