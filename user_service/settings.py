from dataclasses import dataclass
from pathlib import Path
from typing import Self

from shared.settings import DatabaseSettings, Env, ProcessSettings

NAME = "user_service"


@dataclass(frozen=True, slots=True)
class Settings:
    """`identity_key_file` holds the private key that this process signs its own calls with."""

    process: ProcessSettings
    database: DatabaseSettings
    identity_key_file: Path
    auth_internal_url: str
    file_internal_url: str

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            process=ProcessSettings.from_env(env, NAME, 8082),
            database=DatabaseSettings.from_env(env),
            identity_key_file=env.path("IDENTITY_KEY_FILE"),
            auth_internal_url=env.url("AUTH_INTERNAL_URL", "http://127.0.0.1:9081"),
            file_internal_url=env.url("FILE_INTERNAL_URL", "http://127.0.0.1:9083"),
        )
