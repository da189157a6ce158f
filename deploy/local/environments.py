"""What each program is told. Every one gets an environment of its own, with nothing in it that it doesn't need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from deploy.local.postgres import Postgres
from deploy.local.settings import Settings
from deploy.local.state import State
from deploy.local.valkey import Valkey
from deploy.originals import Originals
from deploy.roles import DATABASE, SCHEMAS

PROGRAMS = ("gateway", "auth_service", "user_service", "file_service")  # in the order of their private ports
LOOPBACK = "127.0.0.1"
_PRIVATE = 1000  # the first private port is so far above the public one

# The person's own variables go on to the programs that know them; each program checks its own.
_PASSED_ON_TO_ALL = (
    *("LOG_LEVEL", "LOG_FILE_MAX_BYTES", "LOG_SAMPLE", "DRAIN_SECONDS"),
    *("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS_FILE", "TRACE_SAMPLE"),
    *("SITE_NAME", "PAGE_TEMPLATES"),
)
_STORE = (  # where files lie instead of a folder, and what opens it
    *("FILES_STORAGE", "FILES_STORAGE_TIMEOUT", "FILES_SPOOL", "FILES_PUBLIC_ENDPOINT"),
    *("AWS_REGION", "AWS_ENDPOINT_URL", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST"),
    *("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID_FILE", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY_FILE"),
    *("AWS_SESSION_TOKEN", "AWS_SESSION_TOKEN_FILE", "GOOGLE_SERVICE_ACCOUNT_KEY", "GOOGLE_SERVICE_ACCOUNT_KEY_FILE"),
    *("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCOUNT_KEY_FILE"),
    *("AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_TOKEN_FILE", "AZURE_STORAGE_ENDPOINT"),
)
_PASSED_ON: Mapping[str, tuple[str, ...]] = {
    "gateway": (
        *("CORS_ORIGINS", "CORS_HEADERS", "CORS_EXPOSE"),
        "TRUSTED_PROXIES",
        "ROUTES_FILE",
        "CACHE_URL",
        "CACHE_BYTES",
        "TLS_CERT_FILE",
        "TLS_KEY_FILE",
        "HTTP_PORT",
        "SECURITY_CONTACT",
        "FILES_PUBLIC_URL",
        "LISTEN_WAIT_SECONDS",
        "WORKERS",
    ),
    "auth_service": (
        "DATABASE_POOL_SIZE",
        "BCRYPT_COST",
        "BCRYPT_THREADS",
        "BCRYPT_QUEUE",
        "KEY_ROTATION_DAYS",
        "SESSIONS_PER_ACCOUNT",
        "AUTH_PROVIDERS_FILE",
        "AUTH_REDIRECT_URIS",
        "PASSWORD_WORDS",
        "AUTH_SECOND_FACTOR",
        *("SMTP_URL", "SMTP_URL_FILE", "SMTP_TIMEOUT", "MAIL_FROM", "MAIL_TEMPLATES", "AUTH_EMAIL_VERIFICATION"),
        "SSL_CERT_FILE",
    ),
    "user_service": ("DATABASE_POOL_SIZE",),
    "file_service": (
        "DATABASE_POOL_SIZE",
        *("CLAMAV_URL", "CLAMAV_MAX_BYTES", "CLAMAV_TIMEOUT", "CLAMAV_UNCHECKED"),
        *("FILE_ARCHIVE_MAX_BYTES", "FILE_ARCHIVE_MAX_ENTRIES", "FILE_ARCHIVE_MAX_RATIO", "FILE_MAX_PIXELS"),
        "FILE_MAX_BYTES",
        "FILE_PICTURE_WORKERS",
        "FILE_PUBLIC_SECONDS",
        "FILE_PURPOSES_FILE",
        "FILE_QUOTA_BYTES",
        "FILE_STALL_SECONDS",
        "FILE_UPLOAD_HOURS",
        *("FILE_DELETION_DELAY", "FILE_SCRUB_DAYS", "FILE_SCRUB_BYTES_PER_SECOND"),
        "FILES_PUBLIC_URL",
        "FILES_ROOT",
    ),
}


def private_port(program: str, first: int) -> int:
    """Return a program's, where `first` is the gateway's public port."""
    return first + _PRIVATE + PROGRAMS.index(program)


@dataclass(frozen=True, slots=True)
class Environments:
    """`sockets` is the folder for the services' sockets. `smtp_url` is where mail goes unless the person said where."""

    settings: Settings
    state: State
    originals: Originals
    postgres: Postgres
    valkey: Valkey
    sockets: Path
    smtp_url: str = ""

    def of(self, program: str) -> dict[str, str]:
        common = self._common(program)
        own = self._gateway() if program == "gateway" else self._service(program)
        return common | own | self._passed_on(program)

    def migrating(self, service: str) -> dict[str, str]:
        """Return what `migrate` needs: the owner's role, which the service itself never has."""
        return {
            "PATH": "/usr/bin:/bin",
            "LOG_FORMAT": "json",
            "DATABASE_OWNER_URL": self._database_url(f"{SCHEMAS[service]}_owner"),
        }

    def _common(self, program: str) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PRIVATE_HOST": LOOPBACK,
            "PRIVATE_PORT": str(private_port(program, self.settings.port)),
            "PUBLIC_URL": self.settings.public_url,
            "LOG_FORMAT": "json",
            "LOG_FILE": str(self.state.logs / f"{program}.log"),
            "DRAIN_SECONDS": "0.2",  # nobody but the launcher watches
            "TRUST_FILE": str(self.originals.trust_file()),
        }

    def _gateway(self) -> dict[str, str]:
        return {
            "HOST": self.settings.host,
            "PORT": str(self.settings.port),
            "IDENTITY_KEY_FILE": self._key_file("gateway"),
            "VALKEY_URL": self.valkey.url,
            "AUTH_INTERNAL_URL": self._private("auth_service"),
            "AUTH_URL": self._public("auth_service"),
            "USER_URL": self._public("user_service"),
            "FILE_URL": self._public("file_service"),
            "AUTH_PRIVATE_URL": self._private("auth_service"),
            "USER_PRIVATE_URL": self._private("user_service"),
            "FILE_PRIVATE_URL": self._private("file_service"),
        }

    def _service(self, service: str) -> dict[str, str]:
        database = {"DATABASE_URL": self._database_url(f"{SCHEMAS[service]}_runtime")}
        own = {"auth_service": self._auth, "user_service": self._users, "file_service": self._files}[service]()
        listening = {"SOCKET": str(self._socket(service))}
        return listening | database | {"IDENTITY_KEY_FILE": self._key_file(service)} | own

    def _auth(self) -> dict[str, str]:
        names = ("password_pepper", "refresh_key", "key_encryption_key")
        secrets = {f"{name.upper()}_FILE": str(self.originals.password_file(name)) for name in names}
        return secrets | {
            "USER_INTERNAL_URL": self._private("user_service"),
            "FILE_INTERNAL_URL": self._private("file_service"),
            **({"SMTP_URL": self.smtp_url} if self.smtp_url else {}),
        }

    def _follower(self) -> dict[str, str]:
        return {"AUTH_INTERNAL_URL": self._private("auth_service")}

    def _users(self) -> dict[str, str]:
        return self._follower() | {"FILE_INTERNAL_URL": self._private("file_service")}

    def _files(self) -> dict[str, str]:
        """Credentials of a store go on only to have files put there: a shell has some for many reasons."""
        own = self._follower() | {
            "FILE_LINK_KEY_FILE": str(self.originals.password_file("file_link_key")),
            "USER_INTERNAL_URL": self._private("user_service"),
        }
        if self.settings.environ.get("FILES_STORAGE"):
            return own | self._chosen(_STORE)
        return own | {"FILES_ROOT": str(self.state.files)}

    def _passed_on(self, program: str) -> dict[str, str]:
        return self._chosen((*_PASSED_ON_TO_ALL, *_PASSED_ON[program]))

    def _chosen(self, names: Sequence[str]) -> dict[str, str]:
        return {name: value for name in names if (value := self.settings.environ.get(name))}

    def _key_file(self, issuer: str) -> str:
        return str(self.originals.key_file(issuer))

    def _database_url(self, role: str) -> str:
        return "\n".join(self.postgres.url(role, each, DATABASE) for each in self.originals.passwords(role))

    def _socket(self, service: str) -> Path:
        return self.sockets / f"{service}.sock"

    def _public(self, service: str) -> str:
        return f"unix://{quote(str(self._socket(service)))}"

    def _private(self, program: str) -> str:
        return f"http://{LOOPBACK}:{private_port(program, self.settings.port)}"
