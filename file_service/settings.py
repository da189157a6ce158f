import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from file_service.domain.purposes import Purposes
from file_service.domain.verdicts import CheckPolicy
from file_service.inspection.bounds import Bounds
from file_service.purpose_file import BadPurposeFile, read_purposes
from file_service.sharing.link_keys import read_link_keys
from file_service.storage_settings import StorageSettings
from shared.content_url import read_content_url
from shared.settings import DatabaseSettings, Env, ProcessSettings, Secret

NAME = "file_service"
_MIB, _GIB = 1024**2, 1024**3
_SCANNER = re.compile(r"(tcp://[^/:\s]+:[0-9]{1,5}|tcp://\[[0-9a-fA-F:.]+\]:[0-9]{1,5}|unix:///\S+)?")


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """`clamd_url` is empty where there is no scanner; `clamd_seconds` is how long it may say and take nothing."""

    bounds: Bounds
    policy: CheckPolicy
    clamd_url: str
    clamd_seconds: float


@dataclass(frozen=True, slots=True)
class Settings:
    """`max_bytes` is for one file, also as far as files must be checked; `quota_bytes` for all of one owner's.

    `stall_seconds` is how long an upload may send nothing, and a reader may take for a chunk of a download;
    `upload_hours` how long an unfinished upload is kept after its last byte.
    `scrub_days` is how often all that is stored is looked through, 0 for never; `scrub_rate` is in bytes per second.
    `link_keys` sign URLs. `content_url` is how bytes are reached without an account, empty where that is PUBLIC_URL.
    Caches may use a public file for `public_seconds` without asking.
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
    checks: CheckSettings
    picture_workers: int
    user_internal_url: str
    link_keys: tuple[Secret, ...]
    content_url: str
    public_seconds: int

    @classmethod
    def from_env(cls, env: Env) -> Self:
        process, checks = ProcessSettings.from_env(env, NAME, 8083), _checks(env)
        return cls(
            process=process,
            database=DatabaseSettings.from_env(env),
            identity_key_file=env.path("IDENTITY_KEY_FILE"),
            auth_internal_url=env.url("AUTH_INTERNAL_URL", "http://127.0.0.1:9081"),
            storage=StorageSettings.from_env(env),
            max_bytes=checks.policy.largest(env.integer("FILE_MAX_BYTES", _GIB, minimum=1)),
            quota_bytes=env.integer("FILE_QUOTA_BYTES", 5 * _GIB, minimum=1),
            stall_seconds=env.number("FILE_STALL_SECONDS", 60.0, minimum=0.1),
            upload_hours=env.number("FILE_UPLOAD_HOURS", 24.0, minimum=0.0001),
            purposes=_purposes(env),
            scrub_days=env.number("FILE_SCRUB_DAYS", 0.0),
            scrub_rate=_scrub_rate(env),
            checks=checks,
            picture_workers=env.integer("FILE_PICTURE_WORKERS", 2, minimum=1, maximum=64),
            user_internal_url=env.url("USER_INTERNAL_URL", "http://127.0.0.1:9082"),
            link_keys=read_link_keys(env),
            content_url=read_content_url(env, process.public_url),
            public_seconds=env.integer("FILE_PUBLIC_SECONDS", 0, maximum=86_400),
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


def _checks(env: Env) -> CheckSettings:
    url = env.text("CLAMAV_URL", "")
    if not _SCANNER.fullmatch(url):
        env.mistake("CLAMAV_URL must be tcp://host:port or unix:///path")
    most = env.integer("CLAMAV_MAX_BYTES", 25 * _MIB, minimum=1)
    unchecked = env.choice("CLAMAV_UNCHECKED", ("refuse", "allow"), "refuse")
    return CheckSettings(
        bounds=Bounds(
            unpacked=env.integer("FILE_ARCHIVE_MAX_BYTES", 10 * _GIB, minimum=1),
            ratio=env.integer("FILE_ARCHIVE_MAX_RATIO", 250, minimum=1),
            entries=env.integer("FILE_ARCHIVE_MAX_ENTRIES", 100_000, minimum=1),
            pixels=env.integer("FILE_MAX_PIXELS", 250_000_000, minimum=1),
        ),
        policy=CheckPolicy(most if url else None, unchecked_pass=unchecked == "allow"),
        clamd_url=url,
        clamd_seconds=env.number("CLAMAV_TIMEOUT", 130.0, minimum=0.1),
    )


def _purposes(env: Env) -> Purposes:
    file = env.text("FILE_PURPOSES_FILE", "")
    try:
        return read_purposes(Path(file) if file else None)
    except BadPurposeFile as mistake:
        env.mistake(f"FILE_PURPOSES_FILE {mistake}")
        return read_purposes(None)
