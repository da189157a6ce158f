"""Shares: links by which one file can be had without an account.

Of the secret only its SHA-256 is kept. Whoever has the right one learns that a share is over (410); a wrong one, a
revoked share and a deleted file are one 404.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from file_service.domain.names import safe_name
from file_service.domain.sharing import GUESSES_WITHIN, MOST_GUESSES, SHARE_LABEL, NewShare, Share, SharedFile
from file_service.errors import ShareIsOver, SharePasswordRequired, TooManyGuesses, WrongSharePassword
from file_service.metrics import SHARES_CREATED, SHARES_OPENED
from file_service.repository.shares import ShareRepository
from file_service.sharing.passwords import SharePasswords
from shared.db import Database
from shared.errors import AppError, NotFound
from shared.ids import uuid7
from shared.opaque_tokens import digest, is_sound, mint


@dataclass(frozen=True, slots=True)
class ShareWish:
    """What an owner asks for. `lifetime` is in seconds; `download_name` is as it came."""

    lifetime: int
    once: bool = False
    password: str | None = None
    download_name: str | None = None
    inline: bool = False


class Shares:
    def __init__(self, database: Database, passwords: SharePasswords) -> None:
        self._database = database
        self._passwords = passwords

    async def create(self, owner_id: UUID, file_id: UUID, wish: ShareWish) -> tuple[SharedFile, str]:
        """Return the share and its secret, which nobody can tell again. Raises NotFound or TooManyLinks."""
        token = mint(SHARE_LABEL)
        new = NewShare(
            share_id=uuid7(),
            file_id=file_id,
            token_digest=digest(token),
            password_hash=None if wish.password is None else await self._passwords.hash(wish.password),
            download_name=None if wish.download_name is None else safe_name(wish.download_name),
            inline=wish.inline,
            once=wish.once,
            lifetime=timedelta(seconds=wish.lifetime),
        )
        async with self._database.transaction() as connection:
            shared = await ShareRepository(connection).add(owner_id, new)
        SHARES_CREATED.labels("share").inc()
        return shared, token

    async def list_page(self, owner_id: UUID, file_id: UUID, before: UUID | None, limit: int) -> Sequence[Share]:
        """Raises NotFound."""
        return await ShareRepository(self._database).list_page(owner_id, file_id, before, limit)

    async def revoke(self, owner_id: UUID, file_id: UUID, share_id: UUID) -> None:
        """Raises NotFound."""
        await ShareRepository(self._database).delete(owner_id, file_id, share_id)

    async def look(self, token: str) -> SharedFile:
        """Return what the secret stands for, spending nothing: those who fetch links to look at them do no harm.

        Raises NotFound or ShareIsOver.
        """
        if not is_sound(token, SHARE_LABEL):
            raise NotFound
        shared = await ShareRepository(self._database).get(digest(token))
        if shared.share.is_over:
            spent = shared.share.spent_at is not None
            raise ShareIsOver("It was for one download, which has been made." if spent else "It has expired.")
        return shared

    async def open(self, token: str, password: str | None) -> SharedFile:
        """Return the file for whoever has the secret and the password, if there is one.

        Raises as `look`, and SharePasswordRequired, WrongSharePassword or TooManyGuesses.
        """
        try:
            shared = await self._open(token, password)
        except AppError as exc:
            SHARES_OPENED.labels(exc.code).inc()
            raise
        SHARES_OPENED.labels("opened").inc()
        return shared

    async def _open(self, token: str, password: str | None) -> SharedFile:
        shared = await self.look(token)
        if shared.share.password_hash is not None:
            await self._check(token, shared.share.share_id, shared.share.password_hash, password)
        return shared

    async def spend(self, shared: SharedFile) -> None:
        """Take the one download of a share that is for one, or raise ShareIsOver: one statement decides."""
        if not await ShareRepository(self._database).spend(shared.share.share_id):
            raise ShareIsOver("It was for one download, which has been made.")

    async def _check(self, token: str, share_id: UUID, kept: str, password: str | None) -> None:
        """A guess counts before it is looked at, so that no number of parallel ones gets more."""
        if password is None:
            raise SharePasswordRequired("Send it in the header Share-Password.")
        if self._passwords.remembers(password, kept):
            return
        shares = ShareRepository(self._database)
        if not await shares.count_guess(share_id, MOST_GUESSES, GUESSES_WITHIN):
            await self.look(token)  # it may have been revoked meanwhile
            seconds = int(GUESSES_WITHIN.total_seconds())
            raise TooManyGuesses("Try again in an hour.", headers={"Retry-After": str(seconds)})
        if not await self._passwords.is_right(password, kept):
            raise WrongSharePassword
        await shares.take_guess_back(share_id)
