"""Where the doctor finds a stack. Beside these it looks at whatever variables of the programs it is given itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from shared.settings import Env

# By which variable a program's environment is known, in this order.
_MARKS = (
    ("gateway", "VALKEY_URL"),
    ("auth_service", "PASSWORD_PEPPER"),
    ("file_service", "FILES_ROOT"),
    ("file_service", "FILES_STORAGE"),
    ("user_service", "DATABASE_URL"),
)
_PRIVATE = "http://127.0.0.1:908{}"


@dataclass(frozen=True, slots=True)
class DoctorSettings:
    """`private` are the private ports' base URLs, by program; `backups` is the folder where they lie, if it is here."""

    public_url: str
    private: Mapping[str, str]
    backups: Path | None

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(
            public_url=env.url("PUBLIC_URL", "http://127.0.0.1:8080"),
            backups=Path(folder) if (folder := env.text("BACKUP_DIR", "")) else None,
            private={
                "gateway": env.url("GATEWAY_PRIVATE_URL", _PRIVATE.format(0)),
                "auth_service": env.url("AUTH_PRIVATE_URL", _PRIVATE.format(1)),
                "user_service": env.url("USER_PRIVATE_URL", _PRIVATE.format(2)),
                "file_service": env.url("FILE_PRIVATE_URL", _PRIVATE.format(3)),
            },
        )


def program_of(environ: Mapping[str, str]) -> str:
    """Return whose environment this is. What a person adds to none at all is meant for the gateway."""
    found = (name for name, mark in _MARKS if environ.get(mark) or environ.get(f"{mark}_FILE"))
    return next(found, "gateway")
