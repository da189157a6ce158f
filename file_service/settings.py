from dataclasses import dataclass
from pathlib import Path
from typing import Self

from file_service.domain.purposes import Purposes
from file_service.purpose_file import BadPurposeFile, read_purposes
from file_service.sharing.link_keys import read_link_keys
from shared.content_url import read_content_url
from shared.settings import DatabaseSettings, Env, ProcessSettings, Secret

NAME = "file_service"
_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Settings:
    """`max_bytes` is for one file, `quota_bytes` for all of one owner's.

    `stall_seconds` is how long an upload may send nothing, and a reader may take for a chunk of a download;
    `upload_hours` how long an unfinished upload is kept after its last byte.
    `link_keys` sign URLs. `content_url` is how bytes are reached without an account, empty where that is PUBLIC_URL.
    Caches may use a public file for `public_seconds` without asking.
    """

    process: ProcessSettings
    database: DatabaseSettings
    identity_key_file: Path
    auth_internal_url: str
    root: Path
    max_bytes: int
    quota_bytes: int
    stall_seconds: float
    upload_hours: float
    purposes: Purposes
    link_keys: tuple[Secret, ...]
    content_url: str
    public_seconds: int

    @classmethod
    def from_env(cls, env: Env) -> Self:
        process = ProcessSettings.from_env(env, NAME, 8083)
        return cls(
            process=process,
            database=DatabaseSettings.from_env(env),
            identity_key_file=env.path("IDENTITY_KEY_FILE"),
            auth_internal_url=env.url("AUTH_INTERNAL_URL", "http://127.0.0.1:9081"),
            root=env.path("FILES_ROOT"),
            max_bytes=env.integer("FILE_MAX_BYTES", _GIB, minimum=1),
            quota_bytes=env.integer("FILE_QUOTA_BYTES", 5 * _GIB, minimum=1),
            stall_seconds=env.number("FILE_STALL_SECONDS", 60.0, minimum=0.1),
            upload_hours=env.number("FILE_UPLOAD_HOURS", 24.0, minimum=0.0001),
            purposes=_purposes(env),
            link_keys=read_link_keys(env),
            content_url=read_content_url(env, process.public_url),
            public_seconds=env.integer("FILE_PUBLIC_SECONDS", 0, maximum=86_400),
        )


def _purposes(env: Env) -> Purposes:
    file = env.text("FILE_PURPOSES_FILE", "")
    try:
        return read_purposes(Path(file) if file else None)
    except BadPurposeFile as mistake:
        env.mistake(f"FILE_PURPOSES_FILE {mistake}")
        return read_purposes(None)
