"""The passkeys of an account: registered, named, removed by their owner."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.audit import Doer
from auth_service.domain.factors import FactorKind, Passkey, accept_passkey_name
from auth_service.domain.requirement import Requirement
from auth_service.mail.outbox import Outbox
from auth_service.passkeys import Options
from auth_service.repository.passkeys import PasskeyRepository
from auth_service.service.factor_changes import begin_change, count_as_proved, keep_one, note_added, note_removed
from auth_service.service.freshness import require_fresh
from auth_service.service.passkey_registration import Offer, PasskeyRegistration
from auth_service.service.ways_in import WaysIn
from shared.db import Database
from shared.errors import NotFound
from shared.events.publish import publish


@dataclass(frozen=True, slots=True)
class AddedPasskey:
    """`recovery_codes` are told where the account had none before."""

    passkey: Passkey
    recovery_codes: list[str] | None


@dataclass(frozen=True, slots=True)
class PasskeyKeeping:
    database: Database
    registration: PasskeyRegistration
    ways_in: WaysIn
    outbox: Outbox
    requirement: Requirement

    async def options(self, doer: Doer) -> Options:
        """Return what a browser needs to make one. Raises InsufficientUserAuthentication, TooManyPasskeys."""
        await require_fresh(self.database, doer.user_id, doer.session_id)
        return await self.registration.options(doer.user_id, _purpose(doer))

    async def add(self, doer: Doer, offer: Offer) -> AddedPasskey:
        """Raises PasskeyRefused, InvalidPasskeyName, TooManyPasskeys, InsufficientUserAuthentication."""
        checked = self.registration.check(offer, _purpose(doer))
        async with self.database.transaction() as connection:
            standing = await begin_change(connection, doer)
            passkey = await self.registration.store(connection, doer.user_id, checked)
            codes = await note_added(connection, self.outbox, doer, FactorKind.PASSKEY, passkey=str(passkey.passkey_id))
            await publish(connection, "auth", await count_as_proved(connection, doer, standing, checked.methods))
        return AddedPasskey(passkey, codes)

    async def rename(self, user_id: UUID, passkey_id: UUID, name: str) -> Passkey:
        """Raises NotFound, InvalidPasskeyName."""
        passkey = await PasskeyRepository(self.database).rename(user_id, passkey_id, accept_passkey_name(name))
        if passkey is None:
            raise NotFound
        return passkey

    async def remove(self, doer: Doer, passkey_id: UUID) -> None:
        """Raises NotFound, LastWayIn, LastSecondFactor, InsufficientUserAuthentication."""
        async with self.database.transaction() as connection:
            standing = await begin_change(connection, doer)
            if not await PasskeyRepository(connection).remove(doer.user_id, passkey_id):
                raise NotFound
            await self.ways_in.require_one(connection, doer.user_id, "Set a password, or add another passkey, first.")
            await keep_one(connection, doer.user_id, asked=self.requirement.asks(standing.roles))
            await note_removed(connection, self.outbox, doer, FactorKind.PASSKEY, passkey=str(passkey_id))


def _purpose(doer: Doer) -> str:
    return f"register {doer.user_id} {doer.session_id}"
