"""What the person who starts the stack may choose. Everything else the launcher decides."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import LaunchError
from deploy.local.state import State
from shared.settings import Env, SettingsError

DEFAULT_STATE = Path(".colonnade")
_FILE = "settings.json"
_CHOICES = (
    *("HOST", "PORT", "HTTP_PORT", "PUBLIC_URL", "TLS_CERT_FILE", "TLS_KEY_FILE"),
    *("CORS_ORIGINS", "TRUSTED_PROXIES", "ROUTES_FILE", "FILES_ROOT"),
    *("FILES_STORAGE", "FILES_SPOOL", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST"),
    *("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ENDPOINT"),
)
_HIGHEST = 65535 - 1003  # the last of the ports is PORT + 1003
_MAIL = 4  # the port behind the programs' public ones
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  recognised, not bound


@dataclass(frozen=True, slots=True)
class Settings:
    """`host` is where the gateway listens; all else listens on loopback. `environ` is what the person set.

    `http_port` is a further port, which leads from http to https; 0 is none.
    """

    host: str
    port: int
    scheme: str
    http_port: int
    public_url: str
    state: Path
    environ: Mapping[str, str]

    @property
    def catches_mail(self) -> bool:
        """Whether mail is shown on a page here, because nobody said where it goes."""
        return not (self.environ.get("SMTP_URL") or self.environ.get("SMTP_URL_FILE"))

    @property
    def listens_everywhere(self) -> bool:
        return self.host in _EVERYWHERE

    @property
    def mail_port(self) -> int:
        return self.port + _MAIL

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the gateway."""
        return _url(self.scheme, self.host, self.port)


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises LaunchError with every mistake in it."""
    env = Env(environ)
    host = env.text("HOST", "127.0.0.1")
    port = env.integer("PORT", 8080, minimum=1, maximum=_HIGHEST)
    scheme = "https" if env.text("TLS_CERT_FILE", "") else "http"
    settings = Settings(
        host=host,
        port=port,
        scheme=scheme,
        http_port=env.integer("HTTP_PORT", 0, maximum=65535),
        public_url=env.url("PUBLIC_URL", _url(scheme, host, port)),
        state=env.path("STATE_DIR", DEFAULT_STATE),
        environ=dict(environ),
    )
    try:
        env.check()
    except SettingsError as exc:
        raise LaunchError(". ".join(exc.mistakes) + ".") from None
    return settings


def note_choice(state: State, settings: Settings) -> None:
    """Write down what the running stack was started with, none of which is a secret, for whoever asks about it."""
    state.write(_FILE, {name: settings.environ[name] for name in _CHOICES if settings.environ.get(name)})


def chosen(state: State) -> dict[str, str] | None:
    """Return what the stack that runs was started with; none where that wasn't written down."""
    found: dict[str, str] | None = state.read(_FILE)
    return found


def _url(scheme: str, host: str, port: int) -> str:
    host = _EVERYWHERE.get(host, host)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
