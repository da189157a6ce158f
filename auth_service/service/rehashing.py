"""Hashes a password anew that was just proved, where its hash came from elsewhere or costs less than today's."""

from dataclasses import dataclass, replace

from auth_service.domain.accounts import Account
from auth_service.metrics import PASSWORD_REHASHES
from auth_service.passwords import PasswordHasher
from auth_service.repository.accounts import AccountRepository
from shared.db import Database
from shared.errors import Unavailable
from shared.logs import log


@dataclass(frozen=True, slots=True)
class Rehashing:
    database: Database
    hasher: PasswordHasher

    async def renew(self, account: Account, password: str) -> Account:
        """Return the account with the hash that it has now. `password` is the right one, as it was typed.

        Never fails and never waits in line: where none is free to hash, or the database is away, it is left to the next
        time. A password that is changed at the same moment stays as it was changed.
        """
        if account.password_hash is None or not self.hasher.is_outdated(account.password_hash):
            return account
        try:
            new = await self.hasher.hash_if_idle(password)
            if new is None:
                return account
            renewed = await AccountRepository(self.database).rehash_password(account, new)
        except Unavailable:
            log.warning("password_rehash_put_off")
            return account
        PASSWORD_REHASHES.inc(int(renewed))
        return replace(account, password_hash=new) if renewed else account
