"""Whose account an identity at a provider opens; who comes for the first time gets one."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.accounts import Account, NewAccount
from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.federation import MOST_IDENTITIES, ExternalIdentity, Verdict, judge_newcomer
from auth_service.emails import Email, parse_email
from auth_service.errors import (
    EmailTaken,
    IdentityTaken,
    InvalidEmail,
    LinkRequired,
    ProviderEmailMissing,
    ProviderEmailUnverified,
    TooManyIdentities,
)
from auth_service.mail.orders import Template
from auth_service.mail.outbox import Outbox
from auth_service.marks import Marks
from auth_service.metrics import REGISTRATIONS
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.audit import AuditRepository
from auth_service.repository.held_accounts import Held, hold_account
from auth_service.repository.identities import IdentityRepository
from auth_service.service.entrance import Visitor
from auth_service.service.registration import Registrar
from shared.db import Connection, Database
from shared.errors import Unavailable
from shared.events.publish import publish
from shared.ids import uuid7

_TRIES = 5  # each lost race leaves a row that the next try finds


async def add_identity(connection: Connection, outbox: Outbox, identity: ExternalIdentity, user_id: UUID) -> None:
    """Link it to an account that there was before, and tell its owner.

    Needs the account held, so that nobody else adds one meanwhile. Raises IdentityTaken, TooManyIdentities.
    """
    identities = IdentityRepository(connection)
    if await identities.count(user_id) >= MOST_IDENTITIES:
        raise TooManyIdentities(f"Unlink one of your {MOST_IDENTITIES} first.")
    await identities.add(identity, user_id)
    await outbox.tell_identity(connection, user_id, Template.IDENTITY_LINKED, identity.provider)


@dataclass(frozen=True, slots=True)
class Recognising:
    database: Database
    marks: Marks
    registrar: Registrar
    outbox: Outbox

    async def account_of(self, identity: ExternalIdentity, visitor: Visitor, *, unverified: bool) -> Account:
        """Return the account that the identity opens, made or linked now if it has none.

        `unverified`: it may be made for an address that nobody has verified. Raises ProviderEmailMissing,
        ProviderEmailUnverified, LinkRequired, TooManyIdentities, Unavailable.
        """
        accounts = AccountRepository(self.database)
        fingerprint = self.marks.fingerprint(visitor.device)
        for _ in range(_TRIES):
            user_id = await IdentityRepository(self.database).recognise(identity)
            account = await accounts.find_by_id(user_id, fingerprint) if user_id is not None else None
            if account is not None:
                return account
            email = _email(identity, unverified=unverified)
            namesake = await accounts.find(email.key, fingerprint)
            try:
                await self._take_in(identity, email, namesake, visitor)
            except EmailTaken as taken:
                if taken.reserved:
                    raise LinkRequired from taken  # it will be for days
            except IdentityTaken:
                pass  # somebody was faster, as where an address is taken
        raise Unavailable("The account is busy.")

    async def _take_in(
        self, identity: ExternalIdentity, email: Email, namesake: Account | None, visitor: Visitor
    ) -> None:
        verdict = judge_newcomer(identity, namesake)
        if verdict is Verdict.CREATE:
            await self._create(identity, email, visitor)
        elif verdict is Verdict.LINK and namesake is not None:
            await self._adopt(identity, email, namesake, visitor.device)
        else:
            raise LinkRequired

    async def _create(self, identity: ExternalIdentity, email: Email, visitor: Visitor) -> None:
        verified = identity.email_verified
        new = NewAccount(uuid7(), email.address, email.key, None, email_verified=verified, language=visitor.language)
        async with self.database.transaction() as connection:
            events = await self.registrar.add(connection, new, visitor.device, identity.provider)
            await IdentityRepository(connection).add(identity, new.user_id)
            await publish(connection, "auth", events)
        REGISTRATIONS.inc()

    async def _adopt(self, identity: ExternalIdentity, email: Email, account: Account, device: Device) -> None:
        """Link it to the account with the same address, if that is still so once the account is held."""
        async with self.database.transaction() as connection:
            held = await hold_account(connection, account.user_id)
            if held != Held(email.key, email_verified=True):
                raise EmailTaken
            await add_identity(connection, self.outbox, identity, account.user_id)
            details = {"provider": identity.provider, "by": "address"}
            entry = AuditEntry(Action.IDENTITY_LINKED, device, account.user_id, account.user_id, details=details)
            await AuditRepository(connection).record(entry)


def _email(identity: ExternalIdentity, *, unverified: bool) -> Email:
    """Return the address to make an account with. Who has none is told so whether or not there is an account."""
    if identity.email is None:
        raise ProviderEmailMissing
    if not (identity.email_verified or unverified):
        raise ProviderEmailUnverified
    try:
        return parse_email(identity.email)
    except InvalidEmail as exc:
        raise ProviderEmailMissing("It tells something that is no email address.") from exc
