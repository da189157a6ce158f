"""How a passkey comes to count: a browser is asked to make one, and what it made is looked at and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from auth_service.challenges import Challenge
from auth_service.domain.factors import MOST_PASSKEYS, NewPasskey, Passkey, accept_passkey_name, passkey_methods
from auth_service.errors import FactorExists, PasskeyRefused, TooManyPasskeys
from auth_service.passkeys import Options, Registered, answered_challenge, known_transports
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.passkeys import PasskeyRepository
from auth_service.service.passkey_assertions import PasskeyAssertions
from shared.db import Connection, Database
from shared.errors import NotFound
from shared.ids import uuid7


@dataclass(frozen=True, slots=True)
class Offer:
    """What a browser has made, and what its owner calls it. `transports` are its hints of how to reach the key."""

    name: str
    credential: Mapping[str, Any]
    transports: Sequence[str]


@dataclass(frozen=True, slots=True)
class Checked:
    """An offer that answers our challenge, which isn't spent yet."""

    name: str
    challenge: Challenge
    made: Registered
    transports: tuple[str, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        return passkey_methods(synced=self.made.synced, user_verified=self.made.user_verified)


@dataclass(frozen=True, slots=True)
class PasskeyRegistration:
    """`purpose` is what a passkey is made for. Who may do this is for the caller to know."""

    database: Database
    assertions: PasskeyAssertions

    async def options(self, user_id: UUID, purpose: str) -> Options:
        """Return what a browser needs to make one. Raises TooManyPasskeys."""
        account = await AccountRepository(self.database).find_by_id(user_id, b"")
        if account is None:
            raise NotFound
        known = await PasskeyRepository(self.database).credentials(user_id)
        if len(known) >= MOST_PASSKEYS:
            raise TooManyPasskeys(f"Remove one of your {MOST_PASSKEYS} first.")
        challenge = self.assertions.challenges.make(purpose)
        return self.assertions.ceremonies.creation_options(challenge, user_id.bytes, account.email, known)

    def check(self, offer: Offer, purpose: str) -> Checked:
        """Raises PasskeyRefused, InvalidPasskeyName."""
        name = accept_passkey_name(offer.name)
        challenge = self.assertions.challenges.check(answered_challenge(offer.credential), purpose)
        made = self.assertions.ceremonies.register(offer.credential, challenge.text)
        return Checked(name, challenge, made, known_transports(offer.transports))

    async def store(self, connection: Connection, user_id: UUID, checked: Checked) -> Passkey:
        """Have it count. Needs the account held. Raises PasskeyRefused, TooManyPasskeys."""
        passkeys, made = PasskeyRepository(connection), checked.made
        if not await passkeys.spend(checked.challenge.hash, checked.challenge.expires_at):
            raise PasskeyRefused("This answer was used before.")
        if len(await passkeys.list_all(user_id)) >= MOST_PASSKEYS:
            raise TooManyPasskeys(f"Remove one of your {MOST_PASSKEYS} first.")
        try:
            return await passkeys.add(
                NewPasskey(
                    passkey_id=uuid7(),
                    user_id=user_id,
                    credential_id=made.credential_id,
                    public_key=made.public_key,
                    sign_count=made.sign_count,
                    transports=checked.transports,
                    synced=made.synced,
                    verifies=made.user_verified,
                    name=checked.name,
                )
            )
        except FactorExists as exc:
            raise PasskeyRefused("It is registered already.") from exc
