"""Finishes a sign-in that waits for its second factor."""

from dataclasses import dataclass

from auth_service.domain.accounts import Proof
from auth_service.domain.factors import Shown
from auth_service.domain.standing import together
from auth_service.errors import InvalidPendingSignIn, InvalidSignInCode
from auth_service.metrics import LOGINS
from auth_service.passkeys import Options
from auth_service.repository.pending import PendingRepository
from auth_service.service.entrance import Admission, Entrance, Visitor
from auth_service.service.pending_sign_ins import PendingSignIns
from auth_service.service.second_factors import SecondFactors
from shared.db import Connection


@dataclass(frozen=True, slots=True)
class SecondFactorSignIn:
    waiting: PendingSignIns
    factors: SecondFactors
    entrance: Entrance

    async def finish(self, token: str, shown: Shown, visitor: Visitor) -> Admission:
        """Begin the session that was asked for first; its kind is the one of then.

        Raises InvalidPendingSignIn, WrongSecondFactor, PasskeyRefused, TooManyAttempts, Unavailable.
        """
        waiting = await self.waiting.guess(token, visitor.device, on_page=visitor.on_page)
        methods = await self.factors.prove(waiting.account, shown, visitor.device, _purpose(waiting.token_hash))
        pending = waiting.pending
        proof = Proof(waiting.account, together(pending.methods, methods), code_hash=pending.code_hash)

        async def take(connection: Connection) -> None:
            if not await PendingRepository(connection).take(waiting.token_hash):
                raise InvalidPendingSignIn

        try:
            admission = await self.entrance.admit(proof, visitor.of_kind(pending.kind), take)
        except InvalidSignInCode as exc:  # the code that it began with was used again
            raise InvalidPendingSignIn from exc
        LOGINS.labels("success").inc()
        return admission

    async def passkey_options(self, token: str, visitor: Visitor) -> Options:
        """Return what a browser needs to show a passkey. Raises InvalidPendingSignIn, PasskeyRefused."""
        waiting = await self.waiting.find(token, visitor.device, on_page=visitor.on_page)
        return await self.factors.assertions.ask_owner(waiting.account.user_id, _purpose(waiting.token_hash))


def _purpose(token_hash: bytes) -> str:
    return f"second factor {token_hash.hex()}"
