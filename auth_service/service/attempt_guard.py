"""Guesses are counted before they are looked at, by whatever route they come: one counter per account."""

from collections.abc import Awaitable, Callable

from auth_service.domain.accounts import Account
from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.errors import PasskeyRefused
from auth_service.marks import Marks
from auth_service.repository.attempts import AttemptRepository
from auth_service.repository.audit import AuditRepository
from shared.errors import Unavailable

Look = Callable[[], Awaitable[bool]]


class AttemptGuard:
    def __init__(self, attempts: AttemptRepository, audit: AuditRepository, marks: Marks) -> None:
        self._attempts = attempts
        self._audit = audit
        self._marks = marks

    async def judge(self, email_key: str, account: Account | None, device: Device, look: Look) -> bool:
        """Return whether `look` finds the guess right. Raises TooManyAttempts, and then doesn't look, or Unavailable.

        An attempt that was right, or that we had no time to look at, is taken back, as is one whose `look` raises
        PasskeyRefused, which it may for what is no guess alone; one whose caller hangs up stays counted.
        """
        known = account is not None and account.device_known
        counter = self._marks.counter(email_key, device, known=known)
        window = await self._attempts.count(counter)
        try:
            right = await look()
        except (Unavailable, PasskeyRefused):
            await self._attempts.take_back(counter, window)
            raise
        if right:
            await self._attempts.take_back(counter, window)
        else:
            user_id = account.user_id if account is not None else None
            await self._audit.record_refusal(AuditEntry(Action.ATTEMPT_REFUSED, device, user_id), counter, window)
        return right
