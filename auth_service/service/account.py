"""What a person does to the whole account, each time proving the password anew."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.accounts import Account
from auth_service.domain.devices import Device
from auth_service.domain.passwords import accept_new_password
from auth_service.domain.sessions import EndReason
from auth_service.errors import WrongPassword
from auth_service.marks import Marks
from auth_service.passwords import PasswordHasher
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.sessions import Ending
from auth_service.service.api_keys import revoke_api_keys
from auth_service.service.ending import end_sessions
from auth_service.service.freshness import require_second_factor
from auth_service.service.password_guard import PasswordGuard
from shared.db import Database
from shared.errors import INVALID_TOKEN, Unauthenticated
from shared.events.publish import NewEvent, publish


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """`session_id` is the session that asks, and that goes on. `keep_api_keys`: the keys go on too."""

    session_id: UUID
    current: str
    new: str
    keep_api_keys: bool = False


@dataclass(frozen=True, slots=True)
class AccountKeeping:
    database: Database
    hasher: PasswordHasher
    guard: PasswordGuard
    marks: Marks

    async def change_password(self, user_id: UUID, change: PasswordChange, device: Device) -> None:
        """Change it, end all other sessions, and delete the API keys: whoever knew the old one may have made some.

        Raises WeakPassword, WrongPassword, TooManyAttempts, Unavailable.
        """
        new = accept_new_password(change.new, "/new_password")
        account = await self._proved(user_id, change.current, device)
        password_hash = await self.hasher.hash(new)
        async with self.database.transaction() as connection:
            if not await AccountRepository(connection).change_password(account, password_hash):
                raise WrongPassword  # it is no longer the password that was proved
            ending = Ending(user_id, EndReason.PASSWORD_CHANGED, spare=change.session_id)
            events = await end_sessions(connection, ending)
            if not change.keep_api_keys:
                events += await revoke_api_keys(connection, user_id)
            await publish(connection, "auth", events)

    async def delete(self, user_id: UUID, session_id: UUID, password: str, device: Device) -> None:
        """Delete the account, its sessions and its API keys. Raises WrongPassword, TooManyAttempts, Unavailable.

        Raises InsufficientUserAuthentication where the account has a second factor that wasn't shown lately.
        """
        await require_second_factor(self.database, user_id, session_id)
        account = await self._proved(user_id, password, device)
        async with self.database.transaction() as connection:
            accounts = AccountRepository(connection)
            if not await accounts.lock(account):
                raise WrongPassword
            events = await end_sessions(connection, Ending(user_id, EndReason.ACCOUNT_DELETED))
            events += await revoke_api_keys(connection, user_id)
            await accounts.delete(user_id)
            await publish(connection, "auth", [*events, NewEvent("user_deleted", str(user_id))])

    async def _proved(self, user_id: UUID, password: str, device: Device) -> Account:
        """Return the account whose password this is. Raises WrongPassword, or Unauthenticated when it is gone."""
        account = await AccountRepository(self.database).find_by_id(user_id, self.marks.fingerprint(device))
        if account is None:
            raise Unauthenticated("This account was deleted.", headers=INVALID_TOKEN)
        if not await self.guard.prove(account.email_key, account, password, device):
            raise WrongPassword
        return account
