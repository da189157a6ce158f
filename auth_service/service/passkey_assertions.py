"""What a passkey has signed: whose it is, and that it was asked for this, now, and for the first time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from auth_service.challenges import Challenges
from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.factors import KnownCredential, passkey_methods
from auth_service.errors import PasskeyRefused
from auth_service.passkeys import Asserted, Ceremonies, Options, answered_challenge, claimed_user, credential_id
from auth_service.repository.audit import AuditRepository
from auth_service.repository.passkeys import PasskeyRepository
from shared.db import Database

_Credential = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Assertion:
    """Whose passkey it was, which one, and the methods that it proves (RFC 8176)."""

    user_id: UUID
    passkey_id: UUID
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PasskeyAssertions:
    database: Database
    challenges: Challenges
    ceremonies: Ceremonies

    async def ask_owner(self, user_id: UUID, purpose: str) -> Options:
        """Return what a browser needs to have one of the person's passkeys sign. Raises PasskeyRefused for none."""
        known = await PasskeyRepository(self.database).credentials(user_id)
        if not known:
            raise PasskeyRefused("The account has no passkey.")
        return self.ceremonies.request_options(self.challenges.make(purpose), known)

    def ask_anybody(self, purpose: str) -> Options:
        """Return what a browser needs to let a person choose a passkey, and so an account."""
        return self.ceremonies.request_options(self.challenges.make(purpose), verify_user=True)

    async def prove_owners(self, user_id: UUID, shown: _Credential, purpose: str, device: Device) -> tuple[str, ...]:
        """Return the methods that one of the person's passkeys proves. Raises PasskeyRefused."""
        assertion = await self._prove(shown, purpose, device, owner=user_id)
        return assertion.methods

    async def prove_anybodys(self, shown: _Credential, purpose: str, device: Device) -> Assertion:
        """Return whose passkey it is. Alone it has to verify its owner, by a PIN or a finger, and has to have then.

        Raises PasskeyRefused.
        """
        return await self._prove(shown, purpose, device, owner=None)

    async def _prove(self, shown: _Credential, purpose: str, device: Device, owner: UUID | None) -> Assertion:
        challenge = self.challenges.check(answered_challenge(shown), purpose)
        passkeys = PasskeyRepository(self.database)
        known = await passkeys.find(credential_id(shown))
        if known is None or not _is_of(known, owner, claimed_user(shown)):
            raise PasskeyRefused("It isn't known here.")
        if owner is None and not known.verifies:  # whoever finds such a key may set its PIN
            raise PasskeyRefused("It asked for no PIN or finger when it was added, so it can't sign in alone.")
        asserted = self.ceremonies.assertion(shown, challenge.text, known, verify_user=owner is None)
        if not await passkeys.spend(challenge.hash, challenge.expires_at):
            raise PasskeyRefused("This answer was used before.")
        if not await passkeys.use(known.passkey_id, asserted.sign_count):
            await self._note_regression(known, asserted, device)
            raise PasskeyRefused("It may have been copied: its counter hasn't moved on.")
        methods = passkey_methods(synced=known.synced, user_verified=asserted.user_verified)
        return Assertion(known.user_id, known.passkey_id, methods)

    async def _note_regression(self, known: KnownCredential, asserted: Asserted, device: Device) -> None:
        details = {"passkey": str(known.passkey_id), "counter": str(asserted.sign_count)}
        entry = AuditEntry(Action.PASSKEY_COUNTER_REGRESSED, device, known.user_id, details=details)
        await AuditRepository(self.database).record(entry)


def _is_of(known: KnownCredential, owner: UUID | None, claimed: bytes | None) -> bool:
    """Whether it is the passkey of who is to prove something, or, of anybody, of who it says (WebAuthn, 7.2 step 6)."""
    if owner is not None and known.user_id != owner:
        return False
    return claimed == known.user_id.bytes or (claimed is None and owner is not None)
