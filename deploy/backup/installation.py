"""What is backed up, and what is restored into."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploy.backup.errors import BackupError
from file_service.parts.storage import open_storage
from file_service.storage.contract import SHARDS, Storage
from file_service.storage_settings import StorageSettings
from shared.errors import AppError
from shared.settings import Secret


@dataclass(frozen=True, slots=True)
class Server:
    """`admin_url` is a superuser's, to any database of the server; `database` is the product's.

    `clients` finds PostgreSQL's programs by name.
    """

    admin_url: Secret
    database: str
    clients: Callable[[str], Path]

    def client(self, name: str, database: str) -> tuple[list[str], dict[str, str]]:
        """Return how to start a client program on a database, and with what environment.

        Everybody can read a command line, so the password isn't in it.
        """
        parts = urlsplit(self.admin_url.reveal())
        user, at, place = parts.netloc.rpartition("@")
        url = parts._replace(netloc=f"{user.partition(':')[0]}{at}{place}", path=f"/{database}").geturl()
        password = {"PGPASSWORD": unquote(parts.password)} if parts.password else {}
        environ = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PGAPPNAME": f"colonnade {name}", **password}
        return [str(self.clients(name)), "--no-password", f"--dbname={url}"], environ


@dataclass(frozen=True, slots=True)
class Installation:
    """`secrets` is the folder with all of them, and `storage` says where files' bytes lie."""

    server: Server
    secrets: Path
    storage: StorageSettings

    @asynccontextmanager
    async def open_storage(self) -> AsyncIterator[Storage]:
        """Raises BackupError where it can't be used, or fails at what it is asked."""
        try:
            async with open_storage(self.storage) as opened:
                yield opened
        except AppError as exc:
            raise BackupError(f"The files can't be reached: {exc.detail or exc.title}") from exc
        except (OSError, ValueError) as exc:
            raise BackupError(f"The files can't be reached: {exc}.") from exc


async def keys_in(storage: Storage) -> set[str]:
    """Return the names of all that lies there."""
    return {stored.name for shard in SHARDS for stored in await storage.list_shard(shard)}
