"""Signing in with a passkey alone, without typing an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auth_service.domain.accounts import Proof
from auth_service.domain.devices import Device
from auth_service.errors import PasskeyRefused
from auth_service.marks import Marks
from auth_service.metrics import LOGINS
from auth_service.passkeys import Options
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.passkeys import PasskeyRepository
from auth_service.service.entrance import Admission, Entrance, Visitor
from auth_service.service.passkey_assertions import PasskeyAssertions
from shared.db import Connection, Database


@dataclass(frozen=True, slots=True)
class PasskeySignIn:
    database: Database
    marks: Marks
    assertions: PasskeyAssertions
    entrance: Entrance

    def options(self, device: Device) -> Options:
        return self.assertions.ask_anybody(self._purpose(device))

    async def log_in(self, shown: Mapping[str, Any], visitor: Visitor) -> Admission:
        """Begin a session of the passkey's owner. Raises PasskeyRefused, Unavailable."""
        device = visitor.device
        assertion = await self.assertions.prove_anybodys(shown, self._purpose(device), device)
        fingerprint = self.marks.fingerprint(device)
        account = await AccountRepository(self.database).find_by_id(assertion.user_id, fingerprint)
        if account is None:
            raise PasskeyRefused

        async def still(connection: Connection) -> None:
            if not await PasskeyRepository(connection).has(assertion.user_id, assertion.passkey_id):
                raise PasskeyRefused

        admission = await self.entrance.admit(Proof(account, assertion.methods), visitor, still)
        LOGINS.labels("success").inc()
        return admission

    def _purpose(self, device: Device) -> str:
        """Bind the answer to the device that asked."""
        return f"sign in {self.marks.fingerprint(device).hex()}"
