"""A person links identities at providers to their account, and takes them off again."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.federation import ExternalIdentity, LinkedIdentity, Linker
from auth_service.emails import parse_email
from auth_service.errors import InvalidEmail, LinkNeedsVerifiedEmail
from auth_service.mail.orders import Template
from auth_service.mail.outbox import Outbox
from auth_service.repository.audit import AuditRepository
from auth_service.repository.held_accounts import Held, hold_account, verify_email
from auth_service.repository.identities import IdentityRepository
from auth_service.repository.pending import PendingRepository
from auth_service.repository.standings import StandingRepository
from auth_service.service.freshness import require_fresh
from auth_service.service.recognising import add_identity
from auth_service.service.ways_in import WaysIn
from shared.db import Database
from shared.errors import INVALID_TOKEN, NotFound, Unauthenticated


@dataclass(frozen=True, slots=True)
class IdentityKeeping:
    database: Database
    ways_in: WaysIn
    outbox: Outbox

    async def link(self, identity: ExternalIdentity, linker: Linker, device: Device) -> None:
        """Link it to the account of the person who asked for that; nothing changes if it is already.

        Raises IdentityTaken, LinkNeedsVerifiedEmail, TooManyIdentities, or Unauthenticated where the session is over.
        """
        async with self.database.transaction() as connection:
            held = await hold_account(connection, linker.user_id)
            session = await StandingRepository(connection).find(linker.user_id, linker.session_id)
            if held is None or session is None:
                raise Unauthenticated("This session was ended.", headers=INVALID_TOKEN)
            if await IdentityRepository(connection).recognise(identity) == linker.user_id:
                return
            proves = _proves(identity, held)
            if not (held.email_verified or proves):
                raise LinkNeedsVerifiedEmail
            await add_identity(connection, self.outbox, identity, linker.user_id)
            if proves:
                await verify_email(connection, linker.user_id)
            details = {"provider": identity.provider, "by": "session"}
            entry = AuditEntry(
                Action.IDENTITY_LINKED, device, linker.user_id, linker.user_id, linker.session_id, details
            )
            await AuditRepository(connection).record(entry)

    async def require_fresh(self, linker: Linker) -> None:
        """Raises InsufficientUserAuthentication, or Unauthenticated where the session is over."""
        await require_fresh(self.database, linker.user_id, linker.session_id)

    async def list_all(self, user_id: UUID) -> list[LinkedIdentity]:
        return await IdentityRepository(self.database).list_all(user_id)

    async def unlink(self, linker: Linker, identity_id: UUID, device: Device) -> None:
        """Unlink it; sign-ins that wait are void, as it may have begun them.

        Raises NotFound for one that isn't the person's, LastWayIn, InsufficientUserAuthentication.
        """
        user_id = linker.user_id
        async with self.database.transaction() as connection:
            await hold_account(connection, user_id)
            await require_fresh(connection, user_id, linker.session_id)
            identity = await IdentityRepository(connection).delete(user_id, identity_id)
            if identity is None:
                raise NotFound
            await self.ways_in.require_one(connection, user_id, "Set a password, or link another, first.")
            await PendingRepository(connection).delete_all(user_id)
            details = {"provider": identity.provider}
            entry = AuditEntry(Action.IDENTITY_UNLINKED, device, user_id, user_id, linker.session_id, details)
            await AuditRepository(connection).record(entry)
            await self.outbox.tell_identity(connection, user_id, Template.IDENTITY_UNLINKED, identity.provider)


def _proves(identity: ExternalIdentity, held: Held) -> bool:
    """Tell whether the provider vouches for the very address that the account has."""
    try:
        return identity.email_verified and parse_email(identity.email or "").key == held.email_key
    except InvalidEmail:
        return False
