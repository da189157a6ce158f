"""The only way to prove a password."""

from dataclasses import dataclass

from auth_service.domain.accounts import Account
from auth_service.domain.devices import Device
from auth_service.passwords import PasswordHasher
from auth_service.service.attempt_guard import AttemptGuard


@dataclass(frozen=True, slots=True)
class PasswordGuard:
    attempts: AttemptGuard
    hasher: PasswordHasher

    async def prove(self, email_key: str, account: Account | None, password: str, device: Device) -> bool:
        """Tell whether it is the account's password. Raises TooManyAttempts or Unavailable.

        Takes the same steps and the same time where there is no account, or one without a password.
        """
        stored = account.password_hash if account is not None else None

        async def look() -> bool:
            return await self.hasher.verify(password, stored)

        return await self.attempts.judge(email_key, account, device, look)
