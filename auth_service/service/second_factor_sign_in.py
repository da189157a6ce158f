"""Finishes a sign-in that waits for its second factor."""

from dataclasses import dataclass

from auth_service.domain.accounts import Account, Proof
from auth_service.domain.factors import Shown
from auth_service.domain.pending import PendingSignIn, proved_mark
from auth_service.domain.sessions import SessionKind
from auth_service.domain.standing import together
from auth_service.errors import InvalidPendingSignIn, InvalidSignInCode
from auth_service.marks import Marks
from auth_service.metrics import LOGINS
from auth_service.passkeys import Options
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.pending import PendingRepository
from auth_service.service.entrance import Admission, Entrance, Visitor
from auth_service.service.second_factors import SecondFactors
from shared.db import Database
from shared.opaque_tokens import digest


@dataclass(frozen=True, slots=True)
class SecondFactorSignIn:
    database: Database
    marks: Marks
    factors: SecondFactors
    entrance: Entrance

    async def finish(self, token: str, shown: Shown, visitor: Visitor) -> Admission:
        """Begin the session that was asked for first; its kind is the one of then.

        Raises InvalidPendingSignIn, WrongSecondFactor, PasskeyRefused, TooManyAttempts, Unavailable.
        """
        token_hash = digest(token)
        pendings = PendingRepository(self.database)
        pending = await pendings.guess(token_hash, visitor.device.address_prefix)
        account = await self._account(pending, visitor)
        assert pending is not None  # `_account` has refused none
        methods = await self.factors.prove(account, shown, visitor.device, _purpose(token_hash))
        if not await pendings.take(token_hash):
            raise InvalidPendingSignIn
        replaced = visitor.replaced if pending.kind is SessionKind.BROWSER else None
        proof = Proof(account, together(pending.methods, methods), code_hash=pending.code_hash)
        try:
            admission = await self.entrance.admit(proof, Visitor(visitor.device, pending.kind, replaced))
        except InvalidSignInCode as exc:  # the code that it began with was used again
            raise InvalidPendingSignIn from exc
        LOGINS.labels("success").inc()
        return admission

    async def passkey_options(self, token: str, visitor: Visitor) -> Options:
        """Return what a browser needs to show a passkey. Raises InvalidPendingSignIn, PasskeyRefused."""
        token_hash = digest(token)
        pending = await PendingRepository(self.database).find(token_hash, visitor.device.address_prefix)
        account = await self._account(pending, visitor)
        return await self.factors.assertions.ask_owner(account.user_id, _purpose(token_hash))

    async def _account(self, pending: PendingSignIn | None, visitor: Visitor) -> Account:
        """Return the account as it was proved. Raises InvalidPendingSignIn where it isn't that any more."""
        if pending is None:
            raise InvalidPendingSignIn
        fingerprint = self.marks.fingerprint(visitor.device)
        account = await AccountRepository(self.database).find_by_id(pending.user_id, fingerprint)
        if account is None or proved_mark(account.password_changed_at) != pending.proved_mark:
            raise InvalidPendingSignIn
        return account


def _purpose(token_hash: bytes) -> str:
    return f"second factor {token_hash.hex()}"
