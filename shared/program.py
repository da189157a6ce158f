"""A service's command line: serve, or bring its schema up to date."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, Self, TypeVar

import asyncpg

from shared.lifecycle import Lifecycle
from shared.migrate import migrate
from shared.migration_files import MigrationError
from shared.serve import Apps, serve
from shared.settings import Env, ProcessSettings, Secret, load


@dataclass(frozen=True, slots=True)
class MigrationSettings:
    """`owner_url` is the role's that owns the schema, which the running service never has."""

    owner_url: Secret

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(owner_url=env.secret("DATABASE_OWNER_URL"))


class _Settings(Protocol):
    @property
    def process(self) -> ProcessSettings: ...

    @classmethod
    def from_env(cls, env: Env) -> Self: ...


S = TypeVar("S", bound=_Settings)
OpenService = Callable[[S, Lifecycle], AbstractAsyncContextManager[Apps]]


def run_service(argv: Sequence[str], kind: type[S], open_service: OpenService[S], schema: str, folder: Path) -> int:
    """Serve, or with `migrate` apply `folder`'s migrations to `schema`; return the exit status."""
    if argv == ["migrate"]:
        return _migrate(schema, folder)
    if argv:
        print(f"unknown command {argv[0]!r}: say nothing to serve, or migrate", file=sys.stderr)  # noqa: T201  a person typed it
        return 2
    settings = load(kind)
    return serve(settings.process, partial(open_service, settings))


def _migrate(schema: str, folder: Path) -> int:
    owner_url = load(MigrationSettings).owner_url.reveal()
    try:
        applied = asyncio.run(migrate(owner_url, schema, folder))
    except (MigrationError, OSError, asyncpg.PostgresError) as exc:
        print(f"migrate {schema}: {exc}", file=sys.stderr)  # noqa: T201  whoever migrates is watching
        return 1
    for name in applied:
        print(f"migrate {schema}: applied {name}")  # noqa: T201  as above
    return 0
