"""The only way to prove a password: each attempt is counted before it is looked at, by whatever route it comes."""

from auth_service.domain.accounts import Account
from auth_service.domain.devices import Device
from auth_service.domain.passwords import normalise_password
from auth_service.marks import Marks
from auth_service.passwords import PasswordHasher
from auth_service.repository.attempts import AttemptRepository
from shared.errors import Unavailable


class PasswordGuard:
    def __init__(self, attempts: AttemptRepository, hasher: PasswordHasher, marks: Marks) -> None:
        self._attempts = attempts
        self._hasher = hasher
        self._marks = marks

    async def prove(self, email_key: str, account: Account | None, password: str, device: Device) -> bool:
        """Tell whether it is the account's password. Raises TooManyAttempts or Unavailable.

        Takes the same steps and the same time where there is no account. An attempt that was right, or that we had
        no time to look at, is taken back; one whose caller hangs up stays counted.
        """
        known = account is not None and account.device_known
        counter = self._marks.counter(email_key, device, known=known)
        window = await self._attempts.count(counter)
        stored = account.password_hash if account is not None else None
        try:
            right = await self._hasher.verify(normalise_password(password), stored)
        except Unavailable:
            await self._attempts.take_back(counter, window)
            raise
        if right:
            await self._attempts.take_back(counter, window)
        return right
