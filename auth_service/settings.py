import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

from auth_service.domain.redirect_uris import is_redirect_uri
from auth_service.domain.requirement import Requirement
from auth_service.mail.settings import MailSettings, read_mail_settings
from auth_service.passwords import HashingSettings
from auth_service.providers.declarations import Declaration, read_declarations
from auth_service.sealing import read_sealing_keys
from auth_service.secret_keys import each_of
from shared.settings import DatabaseSettings, Env, ProcessSettings, Secret

NAME = "auth_service"
_SECRET_LENGTH = 32  # characters at least: 128 bits even in hex


@dataclass(frozen=True, slots=True)
class Settings:
    """`refresh_key` makes refresh tokens; `sealing_key` encrypts at rest: one secret, or several, the newest first.

    `most_sessions` is how many an account may have at once. A key signs access tokens for `key_rotation`.
    `providers` are whom people can sign in with; `redirect_uris` is where apps are reached that do so.
    `identity_key_file` holds the private key that this process signs its own calls with, to the private ports of
    user_service and file_service. `password_words` are names that passwords must not be made of, beside our own.
    """

    process: ProcessSettings
    database: DatabaseSettings
    hashing: HashingSettings
    password_words: tuple[str, ...]
    refresh_key: Secret
    sealing_key: Secret
    most_sessions: int
    key_rotation: timedelta
    providers: tuple[Declaration, ...]
    redirect_uris: tuple[str, ...]
    identity_key_file: Path
    user_internal_url: str
    file_internal_url: str
    mail: MailSettings
    verified_first: bool  # nobody is let in before their address is verified
    second_factor: Requirement  # of whom

    @classmethod
    def from_env(cls, env: Env) -> Self:
        process = ProcessSettings.from_env(env, NAME, 8081)
        mail = read_mail_settings(env, process.public_url, process.site.name)
        return cls(
            process=process,
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
            most_sessions=env.integer("SESSIONS_PER_ACCOUNT", 100, minimum=1, maximum=10_000),
            key_rotation=timedelta(days=env.integer("KEY_ROTATION_DAYS", 30, minimum=1, maximum=3650)),
            providers=_providers(env),
            redirect_uris=_redirect_uris(env),
            identity_key_file=env.path("IDENTITY_KEY_FILE"),
            user_internal_url=env.url("USER_INTERNAL_URL", "http://127.0.0.1:9082"),
            file_internal_url=env.url("FILE_INTERNAL_URL", "http://127.0.0.1:9083"),
            mail=mail,
            verified_first=_verified_first(env, mail),
            second_factor=Requirement(env.choice("AUTH_SECOND_FACTOR", tuple(Requirement), Requirement.OPTIONAL)),
        )


def _providers(env: Env) -> tuple[Declaration, ...]:
    file = env.text("AUTH_PROVIDERS_FILE", "")
    if not file:
        return ()
    found, mistakes = read_declarations(Path(file))
    for mistake in mistakes:
        env.mistake(f"AUTH_PROVIDERS_FILE {mistake}")
    return tuple(found)


def _redirect_uris(env: Env) -> tuple[str, ...]:
    uris = env.words("AUTH_REDIRECT_URIS")
    for uri in uris:
        if not is_redirect_uri(uri):
            env.mistake(f"AUTH_REDIRECT_URIS: {uri!r} is no https URL, loopback http URL or scheme.of.an.app:/path")
    return uris


def _long_secret(env: Env, name: str) -> Secret:
    """Read one secret, or several with commas, the new one first."""
    secret = env.secret(name)
    if secret.reveal() and any(len(each.reveal()) < _SECRET_LENGTH for each in each_of(secret)):
        env.mistake(f"{name} must have at least {_SECRET_LENGTH} characters, or be several such secrets with commas")
    return secret


def _verified_first(env: Env, mail: MailSettings) -> bool:
    required = env.choice("AUTH_EMAIL_VERIFICATION", ("required", "optional"), "optional") == "required"
    if required and mail.server is None:
        env.mistake("AUTH_EMAIL_VERIFICATION is required, so SMTP_URL must be set: nobody could verify an address")
    return required


def _sealing_key(env: Env) -> Secret:
    secret = env.secret("KEY_ENCRYPTION_KEY")
    try:
        if secret.reveal():
            read_sealing_keys(secret)
    except ValueError as exc:
        env.mistake(f"KEY_ENCRYPTION_KEY {exc}")
    return secret
