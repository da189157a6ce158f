"""The only way to prove a second factor: counted with all other guesses at the account, and each proof good once."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.accounts import Account
from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.factors import Shown
from auth_service.domain.recovery_codes import recovery_code_hash
from auth_service.domain.standing import ONE_TIME_CODE
from auth_service.errors import PasskeyRefused, WrongSecondFactor
from auth_service.one_time_codes import matching_step
from auth_service.repository.audit import AuditRepository
from auth_service.repository.recovery_codes import RecoveryCodeRepository
from auth_service.repository.totp import TotpRepository
from auth_service.sealing import Sealer, WrongSealingKey
from auth_service.service.attempt_guard import AttemptGuard
from auth_service.service.passkey_assertions import PasskeyAssertions
from shared.db import Database
from shared.errors import AppError, Unavailable
from shared.logs import log

_Methods = tuple[str, ...]


def totp_label(user_id: UUID) -> str:
    """Return what the account's secret is sealed under."""
    return f"totp {user_id}"


@dataclass(frozen=True, slots=True)
class SecondFactors:
    database: Database
    sealer: Sealer
    attempts: AttemptGuard
    assertions: PasskeyAssertions

    async def prove(self, account: Account, shown: Shown, device: Device, purpose: str) -> _Methods:
        """Return the methods that it proves (RFC 8176), and spend it. `purpose` is what a passkey was asked for.

        Raises WrongSecondFactor, PasskeyRefused, TooManyAttempts, Unavailable.
        """
        methods: _Methods = ()
        refusal: AppError = WrongSecondFactor()

        async def look() -> bool:
            nonlocal methods, refusal
            try:
                methods = await self._look(account.user_id, shown, device, purpose)
            except PasskeyRefused as exc:
                if not exc.is_guess:
                    raise
                refusal = exc
            return bool(methods)

        if not await self.attempts.judge(account.email_key, account, device, look):
            entry = AuditEntry(Action.SECOND_FACTOR_REFUSED, device, account.user_id)
            await AuditRepository(self.database).record(entry)
            raise refusal
        return methods

    async def _look(self, user_id: UUID, shown: Shown, device: Device, purpose: str) -> _Methods:
        if shown.code is not None:
            return (ONE_TIME_CODE,) if await self._is_code(user_id, shown.code) else ()
        if shown.recovery_code is not None:
            return (ONE_TIME_CODE,) if await self._is_recovery_code(user_id, shown.recovery_code, device) else ()
        assert shown.passkey is not None  # one of them is shown
        return await self.assertions.prove_owners(user_id, shown.passkey, purpose, device)

    async def _is_code(self, user_id: UUID, code: str) -> bool:
        totp = TotpRepository(self.database)
        sealed = await totp.find(user_id, confirmed=True)
        if sealed is None:
            return False
        step = matching_step(self.open_secret(user_id, sealed), code)
        return step is not None and await totp.use(user_id, sealed, step)

    async def _is_recovery_code(self, user_id: UUID, code: str, device: Device) -> bool:
        code_hash = recovery_code_hash(code)
        if code_hash is None:
            return False
        async with self.database.transaction() as connection:
            if not await RecoveryCodeRepository(connection).use(user_id, code_hash):
                return False
            entry = AuditEntry(Action.RECOVERY_CODE_USED, device, user_id, user_id)
            await AuditRepository(connection).record(entry)
        return True

    def open_secret(self, user_id: UUID, sealed: bytes) -> bytes:
        """Raises Unavailable where the key that it was sealed with is gone: other factors still work."""
        try:
            return self.sealer.open(sealed, totp_label(user_id))
        except WrongSealingKey as exc:
            log.error("totp_secret_unreadable", **{"user.id": str(user_id)})
            raise Unavailable("Codes can't be checked. Show another factor.") from exc
