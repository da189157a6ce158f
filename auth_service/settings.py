import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from auth_service.passwords import HashingSettings
from auth_service.sealing import read_sealing_keys
from shared.settings import DatabaseSettings, Env, ProcessSettings, Secret

NAME = "auth_service"
_SECRET_LENGTH = 32  # characters at least: 128 bits even in hex


@dataclass(frozen=True, slots=True)
class Settings:
    """`refresh_key` makes refresh tokens; `sealing_key` encrypts at rest: one key, or several, the newest first.

    A key signs access tokens for `key_rotation`. `password_words` are names that passwords must not be made of, beside
    our own.
    """

    process: ProcessSettings
    database: DatabaseSettings
    hashing: HashingSettings
    password_words: tuple[str, ...]
    refresh_key: Secret
    sealing_key: Secret
    key_rotation: timedelta

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            process=ProcessSettings.from_env(env, NAME, 8081),
            database=DatabaseSettings.from_env(env),
            hashing=HashingSettings(
                pepper=_long_secret(env, "PASSWORD_PEPPER"),
                cost=env.integer("BCRYPT_COST", 12, minimum=4, maximum=16),
                threads=env.integer("BCRYPT_THREADS", os.cpu_count() or 1, minimum=1, maximum=256),
                queue=env.integer("BCRYPT_QUEUE", 64, maximum=10_000),
            ),
            password_words=env.words("PASSWORD_WORDS"),
            refresh_key=_long_secret(env, "REFRESH_KEY"),
            sealing_key=_sealing_key(env),
            key_rotation=timedelta(days=env.integer("KEY_ROTATION_DAYS", 30, minimum=1, maximum=3650)),
        )


def _long_secret(env: Env, name: str) -> Secret:
    secret = env.secret(name)
    if secret.reveal() and len(secret.reveal()) < _SECRET_LENGTH:
        env.mistake(f"{name} must have at least {_SECRET_LENGTH} characters")
    return secret


def _sealing_key(env: Env) -> Secret:
    secret = env.secret("KEY_ENCRYPTION_KEY")
    try:
        if secret.reveal():
            read_sealing_keys(secret)
    except ValueError as exc:
        env.mistake(f"KEY_ENCRYPTION_KEY {exc}")
    return secret
