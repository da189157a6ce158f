"""What is backed up, and what is restored into."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from file_service.storage.contract import Storage
from file_service.storage.local import open_local_storage
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
    """`secrets` is the folder with all of them, and `open_storage` lends where files' bytes lie.

    `stray_blob` names a blob there that isn't one of those; empty where there is none.
    """

    server: Server
    secrets: Path
    open_storage: Callable[[], AbstractAsyncContextManager[Storage]]
    stray_blob: Callable[[Collection[str]], Awaitable[str]]


def in_folder(root: Path, server: Server, secrets: Path) -> Installation:
    """Return an installation whose files lie in a local folder."""

    return Installation(
        server, secrets, lambda: open_local_storage(root), lambda known: asyncio.to_thread(_stray, root, known)
    )


def _stray(root: Path, known: Collection[str]) -> str:
    return next((path.name for path in sorted(root.glob("blobs/*/*")) if path.name not in known), "")
