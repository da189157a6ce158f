"""Typed settings from the environment: every mistake is reported at once, and a secret never shows in a repr."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, TypeVar
from urllib.parse import unquote

from shared.places import LONGEST_SOCKET, is_place
from shared.public_socket import read_socket
from shared.sampling import KEEP_ALL, Rules, parse_rules
from shared.secret import Secret as Secret  # noqa: PLC0414  whoever reads settings gets secrets from here
from shared.site import PLAIN, Site, read_site
from shared.weak_secrets import ADVICE, complaint, is_exposed

T = TypeVar("T")

_MAX_DIGITS = 30
_NO_SECRET = Secret("")


class SettingsError(Exception):
    """Holds one line per mistake."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class Env:
    """Reads variables and collects mistakes; after the last one, `check` raises them together.

    `NAME_FILE` stands for `NAME` with the file's stripped content. A missing or bad value yields the default,
    or an empty placeholder that `check` keeps anyone from using.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._mistakes: list[str] = []
        self._secrets: dict[str, Secret] = {}
        self._exposed_by = ""  # the URL by which others than this machine use us

    def check(self) -> None:
        """Raise SettingsError if any variable read so far was missing, wrong, or too weak for where we are."""
        mistakes = [*self._mistakes, *(self._weak_secrets() if self._exposed_by else ())]
        if mistakes:
            raise SettingsError(mistakes)

    def refuse_weak_secrets(self, url: str) -> None:
        """Count secrets that somebody might guess as mistakes, unless `url` leads to this machine alone."""
        self._exposed_by = url if is_exposed(url) else ""

    def _weak_secrets(self) -> Iterator[str]:
        for name, secret in self._secrets.items():
            if flaw := complaint(name, secret.reveal()):
                yield (
                    f"{name} {flaw}, and {self._exposed_by} isn't for this machine alone: "
                    f"make one with {ADVICE} and give it in a file, {name}_FILE (docs/secrets.md)"
                )

    def mistake(self, text: str) -> None:
        self._mistakes.append(text)

    def text(self, name: str, default: str | None = None) -> str:
        return self._read(name, default, str)

    def secret(self, name: str, default: Secret | None = None) -> Secret:
        secret = self._read(name, default, Secret, placeholder=Secret(""))
        if secret.reveal() and secret is not default:
            self._secrets[name] = secret
        return secret

    def path(self, name: str, default: Path | None = None) -> Path:
        return self._read(name, default, Path, placeholder=Path())

    def integer(self, name: str, default: int | None = None, *, minimum: int = 0, maximum: int = 2**63 - 1) -> int:
        def parse(raw: str) -> int:
            short = raw.isascii() and raw.isdigit() and len(raw) <= _MAX_DIGITS
            if not (short and minimum <= int(raw) <= maximum):
                raise ValueError(f"must be a whole number from {minimum} to {maximum}")
            return int(raw)

        return self._read(name, default, parse, placeholder=0)

    def number(self, name: str, default: float | None = None, *, minimum: float = 0.0) -> float:
        def parse(raw: str) -> float:
            value = float(raw)
            if not minimum <= value < float("inf"):
                raise ValueError(f"must be a number of at least {minimum}")
            return value

        return self._read(name, default, parse, placeholder=0.0)

    def choice(self, name: str, options: Sequence[str], default: str | None = None) -> str:
        def parse(raw: str) -> str:
            if raw not in options:
                raise ValueError(f"must be one of {', '.join(options)}")
            return raw

        return self._read(name, default, parse, placeholder="")

    def url(self, name: str, default: str | None = None, *, schemes: Sequence[str] = ("http", "https")) -> str:
        """Return the URL without a trailing slash, so that a path can be appended."""

        def parse(raw: str) -> str:
            if not is_place(raw, schemes):
                raise ValueError(f"must be a URL that starts with {' or '.join(s + '://' for s in schemes)}")
            return raw.rstrip("/")

        return self._read(name, default, parse, placeholder="")

    def urls(self, name: str, default: str, *, schemes: Sequence[str] = ("http", "https")) -> tuple[str, ...]:
        """Return a comma-separated list of URLs, at least one, each once and as `url` does."""

        def parse(raw: str) -> str:
            found = [each.strip() for each in raw.split(",")]
            if not all(is_place(each, schemes) for each in found):
                also = f"; a socket's path has {LONGEST_SOCKET} bytes at most" if "unix" in schemes else ""
                forms = " or ".join(f"{scheme}://" for scheme in schemes)
                raise ValueError(f"must be URLs that start with {forms}, with commas{also}")
            return ",".join(dict.fromkeys(each.rstrip("/") for each in found))

        return tuple(self._read(name, default, parse, placeholder="").split(","))

    def rules(self, name: str, default: Rules, *, by_status: bool) -> Rules:
        """Return rules about how much is kept (shared/sampling.py)."""
        return self._read(name, default, lambda raw: parse_rules(raw, default, by_status=by_status))

    def words(self, name: str) -> tuple[str, ...]:
        """Return the items of a comma-separated list; empty when unset."""
        return tuple(word.strip() for word in self.text(name, "").split(",") if word.strip())

    def _read(self, name: str, default: T | None, parse: Callable[[str], T], placeholder: T | None = None) -> T:
        fallback = default if default is not None else placeholder if placeholder is not None else parse("")
        try:
            raw = self._raw(name)
        except (OSError, UnicodeDecodeError) as exc:
            self.mistake(f"{name}_FILE can't be read: {exc}")
            return fallback
        if raw is None:
            if default is None:
                self.mistake(f"{name} is not set (nor {name}_FILE)")
            return fallback
        try:
            return parse(raw)
        except ValueError as exc:
            self.mistake(f"{name} {exc}")
            return fallback

    def _raw(self, name: str) -> str | None:
        file = self._environ.get(f"{name}_FILE")
        if not file:
            return self._environ.get(name) or None
        if self._environ.get(name):
            self.mistake(f"{name} and {name}_FILE are both set")
        return Path(file).read_text(encoding="utf-8").strip() or None


@dataclass(frozen=True, slots=True)
class LogSettings:
    level: str
    format: str  # auto: JSON unless stdout is a terminal
    file: Path | None
    file_max_bytes: int
    shares_output: bool = False  # other processes write lines to the same standard output
    sample: Rules = KEEP_ALL  # which of the lines about requests are written

    @classmethod
    def from_env(cls, env: Env) -> Self:
        file = env.text("LOG_FILE", "")
        return cls(
            level=env.choice("LOG_LEVEL", ("debug", "info", "warning", "error"), "info"),
            format=env.choice("LOG_FORMAT", ("auto", "json", "console"), "auto"),
            file=Path(file) if file else None,
            file_max_bytes=env.integer("LOG_FILE_MAX_BYTES", 20_000_000, minimum=10_000),
            sample=env.rules("LOG_SAMPLE", KEEP_ALL, by_status=True),
        )


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """`endpoint` is that of an OTLP/HTTP receiver, without /v1/traces; empty: nothing is exported.

    `headers` go with what is sent there. Traces are kept as `sample` says.
    """

    endpoint: str = ""
    headers: Secret = _NO_SECRET
    sample: Rules = KEEP_ALL

    @classmethod
    def from_env(cls, env: Env) -> Self:
        settings = cls(
            endpoint=env.url("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
            headers=env.secret("OTEL_EXPORTER_OTLP_HEADERS", _NO_SECRET),
            sample=env.rules("TRACE_SAMPLE", Rules(rest=0.01), by_status=False),
        )
        try:
            settings.header_pairs()
        except ValueError as exc:
            env.mistake(f"OTEL_EXPORTER_OTLP_HEADERS {exc}")
        return settings

    def header_pairs(self) -> dict[str, str]:
        """Return what `name=value,name=value` says, its values percent-encoded. Raises ValueError."""
        pairs = [each.strip().partition("=") for each in self.headers.reveal().split(",") if each.strip()]
        if not all(name and value for name, _, value in pairs):
            raise ValueError("must be pairs like name=value, with commas between them")
        return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """What every program needs to listen, log, trust and stop. Times are in seconds.

    A service may listen on a Unix domain socket, `public_socket`, instead of its public port. A program of several
    processes has each share the public port (`shares_port`), and answer what belongs on the private one at such a
    socket, `private_socket`.
    """

    name: str
    host: str
    port: int
    private_host: str
    private_port: int
    public_url: str
    trust_file: Path
    drain_seconds: float
    log: LogSettings
    traces: TraceSettings = TraceSettings()
    shares_port: bool = False
    public_socket: Path | None = None
    private_socket: Path | None = None
    site: Site = PLAIN

    @classmethod
    def from_env(cls, env: Env, name: str, port: int) -> Self:
        public_url = env.url("PUBLIC_URL", "http://127.0.0.1:8080")
        env.refuse_weak_secrets(public_url)
        return cls(
            name=name,
            host=env.text("HOST", "127.0.0.1"),
            port=env.integer("PORT", port, maximum=65535),
            private_host=env.text("PRIVATE_HOST", "127.0.0.1"),
            private_port=env.integer("PRIVATE_PORT", port + 1000, maximum=65535),
            public_url=public_url,
            trust_file=env.path("TRUST_FILE"),
            drain_seconds=env.number("DRAIN_SECONDS", 5.0),
            log=LogSettings.from_env(env),
            traces=TraceSettings.from_env(env),
            public_socket=read_socket(env),
            site=read_site(env),
        )


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """`url` is the runtime role's, perhaps through a pooler; `direct_url` bypasses it, for LISTEN."""

    url: Secret
    direct_url: Secret
    pool_size: int
    timeout: float  # seconds for a connection, and for a statement

    @classmethod
    def from_env(cls, env: Env) -> Self:
        url = env.secret("DATABASE_URL")
        return cls(
            url=url,
            direct_url=env.secret("DATABASE_DIRECT_URL", url),
            pool_size=env.integer("DATABASE_POOL_SIZE", 10, minimum=1, maximum=1000),
            timeout=env.number("DATABASE_TIMEOUT", 5.0, minimum=0.1),
        )


class _FromEnv(Protocol):
    @classmethod
    def from_env(cls, env: Env) -> Self: ...


S = TypeVar("S", bound=_FromEnv)


def load(kind: type[S]) -> S:
    """Read `kind` from the process's environment, or print every mistake and exit with status 2."""
    env = Env(os.environ)
    settings = kind.from_env(env)
    try:
        env.check()
    except SettingsError as exc:
        for mistake in exc.mistakes:
            print(f"settings: {mistake}", file=sys.stderr)  # noqa: T201  the logs aren't set up without settings
        raise SystemExit(2) from None
    return settings
