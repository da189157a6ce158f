from dataclasses import dataclass
from pathlib import Path
from typing import Self

from file_service.domain.purposes import Purposes
from file_service.purpose_file import BadPurposeFile, read_purposes
from file_service.storage_settings import StorageSettings
from shared.settings import DatabaseSettings, Env, ProcessSettings

NAME = "file_service"
_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Settings:
    """`max_bytes` is for one file, `quota_bytes` for all of one owner's.

    `scrub_days` is how often all that is stored is looked through, 0 for never; `scrub_rate` is in bytes per second.
    `stall_seconds` is how long an upload may send nothing, and a reader may take for a chunk of a download;
    `upload_hours` how long an unfinished upload is kept after its last byte.
    """

    process: ProcessSettings
    database: DatabaseSettings
    identity_key_file: Path
    auth_internal_url: str
    storage: StorageSettings
    max_bytes: int
    quota_bytes: int
    stall_seconds: float
    upload_hours: float
    purposes: Purposes
    scrub_days: float
    scrub_rate: int

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            process=ProcessSettings.from_env(env, NAME, 8083),
            database=DatabaseSettings.from_env(env),
            identity_key_file=env.path("IDENTITY_KEY_FILE"),
            auth_internal_url=env.url("AUTH_INTERNAL_URL", "http://127.0.0.1:9081"),
            storage=StorageSettings.from_env(env),
            max_bytes=env.integer("FILE_MAX_BYTES", _GIB, minimum=1),
            quota_bytes=env.integer("FILE_QUOTA_BYTES", 5 * _GIB, minimum=1),
            stall_seconds=env.number("FILE_STALL_SECONDS", 60.0, minimum=0.1),
            upload_hours=env.number("FILE_UPLOAD_HOURS", 24.0, minimum=0.0001),
            purposes=_purposes(env),
            scrub_days=env.number("FILE_SCRUB_DAYS", 0.0),
            scrub_rate=_scrub_rate(env),
        )


@dataclass(frozen=True, slots=True)
class ScrubSettings:
    """What `python -m file_service scrub` needs of the above; `rate` is in bytes per second."""

    database: DatabaseSettings
    storage: StorageSettings
    rate: int

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(DatabaseSettings.from_env(env), StorageSettings.from_env(env), _scrub_rate(env))


def _scrub_rate(env: Env) -> int:
    return env.integer("FILE_SCRUB_BYTES_PER_SECOND", 20_000_000, minimum=1)


def _purposes(env: Env) -> Purposes:
    file = env.text("FILE_PURPOSES_FILE", "")
    try:
        return read_purposes(Path(file) if file else None)
    except BadPurposeFile as mistake:
        env.mistake(f"FILE_PURPOSES_FILE {mistake}")
        return read_purposes(None)
