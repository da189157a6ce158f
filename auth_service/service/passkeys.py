"""The passkeys of an account: registered, named, removed by their owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from auth_service.domain.audit import Doer
from auth_service.domain.factors import (
    MOST_PASSKEYS,
    FactorKind,
    NewPasskey,
    Passkey,
    accept_passkey_name,
    passkey_methods,
)
from auth_service.errors import FactorExists, PasskeyRefused, TooManyPasskeys
from auth_service.mail.outbox import Outbox
from auth_service.passkeys import Options, Registered, answered_challenge, known_transports
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.passkeys import PasskeyRepository
from auth_service.service.factor_changes import begin_change, count_as_proved, note_added, note_removed
from auth_service.service.freshness import require_fresh
from auth_service.service.passkey_assertions import PasskeyAssertions
from auth_service.service.ways_in import WaysIn
from shared.db import Connection, Database
from shared.errors import NotFound
from shared.events.publish import publish
from shared.ids import uuid7


@dataclass(frozen=True, slots=True)
class Offer:
    """What a browser has made, and what its owner calls it. `transports` are its hints of how to reach the key."""

    name: str
    credential: Mapping[str, Any]
    transports: Sequence[str]


@dataclass(frozen=True, slots=True)
class AddedPasskey:
    """`recovery_codes` are told where the account had none before."""

    passkey: Passkey
    recovery_codes: list[str] | None


@dataclass(frozen=True, slots=True)
class PasskeyKeeping:
    database: Database
    assertions: PasskeyAssertions
    ways_in: WaysIn
    outbox: Outbox

    async def options(self, doer: Doer) -> Options:
        """Return what a browser needs to make one. Raises InsufficientUserAuthentication, TooManyPasskeys."""
        await require_fresh(self.database, doer.user_id, doer.session_id)
        account = await AccountRepository(self.database).find_by_id(doer.user_id, b"")
        if account is None:
            raise NotFound
        known = await PasskeyRepository(self.database).credentials(doer.user_id)
        if len(known) >= MOST_PASSKEYS:
            raise TooManyPasskeys(f"Remove one of your {MOST_PASSKEYS} first.")
        challenge = self.assertions.challenges.make(_purpose(doer))
        return self.assertions.ceremonies.creation_options(challenge, doer.user_id.bytes, account.email, known)

    async def add(self, doer: Doer, offer: Offer) -> AddedPasskey:
        """Raises PasskeyRefused, InvalidPasskeyName, TooManyPasskeys, InsufficientUserAuthentication."""
        name = accept_passkey_name(offer.name)
        challenge = self.assertions.challenges.check(answered_challenge(offer.credential), _purpose(doer))
        made = self.assertions.ceremonies.register(offer.credential, challenge.text)
        async with self.database.transaction() as connection:
            standing = await begin_change(connection, doer)
            if not await PasskeyRepository(connection).spend(challenge.hash, challenge.expires_at):
                raise PasskeyRefused("This answer was used before.")
            passkey = await self._store(connection, doer, made, name, known_transports(offer.transports))
            codes = await note_added(connection, self.outbox, doer, FactorKind.PASSKEY, passkey=str(passkey.passkey_id))
            methods = passkey_methods(synced=made.synced, user_verified=made.user_verified)
            await publish(connection, "auth", await count_as_proved(connection, doer, standing, methods))
        return AddedPasskey(passkey, codes)

    async def _store(
        self, connection: Connection, doer: Doer, made: Registered, name: str, transports: tuple[str, ...]
    ) -> Passkey:
        passkeys = PasskeyRepository(connection)
        if len(await passkeys.list_all(doer.user_id)) >= MOST_PASSKEYS:
            raise TooManyPasskeys(f"Remove one of your {MOST_PASSKEYS} first.")
        try:
            return await passkeys.add(
                NewPasskey(
                    passkey_id=uuid7(),
                    user_id=doer.user_id,
                    credential_id=made.credential_id,
                    public_key=made.public_key,
                    sign_count=made.sign_count,
                    transports=transports,
                    synced=made.synced,
                    verifies=made.user_verified,
                    name=name,
                )
            )
        except FactorExists as exc:
            raise PasskeyRefused("It is registered already.") from exc

    async def rename(self, user_id: UUID, passkey_id: UUID, name: str) -> Passkey:
        """Raises NotFound, InvalidPasskeyName."""
        passkey = await PasskeyRepository(self.database).rename(user_id, passkey_id, accept_passkey_name(name))
        if passkey is None:
            raise NotFound
        return passkey

    async def remove(self, doer: Doer, passkey_id: UUID) -> None:
        """Raises NotFound, LastWayIn, InsufficientUserAuthentication."""
        async with self.database.transaction() as connection:
            await begin_change(connection, doer)
            if not await PasskeyRepository(connection).remove(doer.user_id, passkey_id):
                raise NotFound
            await self.ways_in.require_one(connection, doer.user_id, "Set a password, or add another passkey, first.")
            await note_removed(connection, self.outbox, doer, FactorKind.PASSKEY, passkey=str(passkey_id))


def _purpose(doer: Doer) -> str:
    return f"register {doer.user_id} {doer.session_id}"
