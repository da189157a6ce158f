"""All that all services know of a person, as one archive. Whoever asks for it has lately proved to be that person."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from auth_service.archive import Entry, archive
from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.repository.audit import AuditRepository
from auth_service.repository.export import SECTIONS, ExportRepository, Section
from auth_service.service.freshness import require_fresh
from shared.db import Database
from shared.errors import NotFound, Unavailable
from shared.events.client import InternalClient

MOST_AT_ONCE = 4  # of one process; each may take as long as its reader
_PATH = "/internal/exports"
_PAGE = 100

README = """\
This is all that is known of you here, as of {at}.

account.json         your address, and when what happened to the account
sessions.json        where you are and were signed in
api_keys.json        the keys of your programs, without the secrets
second_factors.json  one-time codes and recovery codes, without the secrets
passkeys.json        your passkeys' public halves
linked_accounts.json the accounts elsewhere that you sign in with
audit_log.json       what was done to your account, and when
profile.json         what others see of you
files.json           what is known of your files: files/<id>/<name> has the bytes
shares.json          links by which others can read one of them, without the secrets
upload_links.json    links by which others can send you files, without the secrets

Passwords and keys aren't stored in a form that could be told. A file that is named in files.json and missing beside
it was deleted while this was made, or isn't given out for what its `check` says.
"""


class StoredFile(msgspec.Struct, frozen=True):
    """As file_service tells of it."""

    id: UUID
    name: str
    created_at: datetime


class Listed(msgspec.Struct, frozen=True):
    """`items` are passed on as they came."""

    items: list[msgspec.Raw]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Holdings:
    """What was asked for before the first byte: whoever can't be reached is found out by then."""

    user_id: UUID
    at: datetime
    profile: bytes
    files: Listed


@dataclass(frozen=True, slots=True)
class Exporting:
    """`users` and `files` speak to the services of these names."""

    database: Database
    users: InternalClient
    files: InternalClient
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))

    @asynccontextmanager
    async def open(self, user_id: UUID, session_id: UUID, device: Device) -> AsyncIterator[AsyncIterator[bytes]]:
        """Lend the archive's bytes, to be sent as they come.

        Raises InsufficientUserAuthentication, Unauthenticated, or Unavailable where a service is away or too many are
        being made; the bytes raise Unavailable where one goes away meanwhile.
        """
        await require_fresh(self.database, user_id, session_id)
        if self.places.locked():
            raise Unavailable("Too many exports are being made.", retry_after=30)
        async with self.places:
            holdings = await self._look(user_id)
            entry = AuditEntry(Action.ACCOUNT_EXPORTED, device, user_id, user_id, session_id=session_id)
            await AuditRepository(self.database).record(entry)
            async with aclosing(archive(self._entries(holdings))) as pieces:
                yield pieces

    async def _look(self, user_id: UUID) -> Holdings:
        profile = await self.users.get(f"{_PATH}/{user_id}")
        return Holdings(user_id, datetime.now(UTC), profile, await self._page(f"{_PATH}/{user_id}"))

    async def _page(self, path: str, cursor: str | None = None) -> Listed:
        query = {"limit": str(_PAGE)} | ({"cursor": cursor} if cursor else {})
        return self.files.decode(await self.files.get(path, query), Listed)

    async def _entries(self, holdings: Holdings) -> AsyncGenerator[Entry, None]:
        def text(name: str, chunks: AsyncIterator[bytes]) -> Entry:
            return Entry(name, holdings.at, chunks, text=True)

        yield text("README.txt", _once(README.format(at=holdings.at.strftime("%Y-%m-%d %H:%M UTC")).encode()))
        for section in SECTIONS:
            yield text(section.file, _listed(self._documents(section, holdings.user_id)))
        yield text("profile.json", _once(holdings.profile))
        yield text("files.json", _listed(self._files(holdings)))
        for name, kind in (("shares.json", "shares"), ("upload_links.json", "upload-links")):
            yield text(name, _listed(self._pages(f"{_PATH}/{holdings.user_id}/{kind}")))
        async for each in self._files(holdings):
            file = self.files.decode(each, StoredFile)
            try:
                async with self.files.stream(f"{_PATH}/{holdings.user_id}/{file.id}") as content:
                    yield Entry(f"files/{file.id}/{file.name}", file.created_at, content)
            except NotFound:
                continue  # deleted since it was listed

    async def _documents(self, section: Section, user_id: UUID) -> AsyncIterator[bytes]:
        async for document in ExportRepository(self.database).documents(section, user_id):
            yield document.encode()

    def _files(self, holdings: Holdings) -> AsyncIterator[bytes]:
        return self._pages(f"{_PATH}/{holdings.user_id}", holdings.files)

    async def _pages(self, path: str, first: Listed | None = None) -> AsyncIterator[bytes]:
        """Yield each item of a list that file_service gives in pages."""
        page = first or await self._page(path)
        while True:
            for each in page.items:
                yield bytes(each)
            if page.next_cursor is None:
                return
            page = await self._page(path, page.next_cursor)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _listed(documents: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield a JSON array, a document a line."""
    opening = b"[\n"
    async for document in documents:
        yield opening + document
        opening = b",\n"
    yield b"\n]\n" if opening == b",\n" else b"[]\n"
