"""What administrators do to other people's accounts. Each act is written down, with who did it, in its transaction.

Whoever acts is asked for by the row of their session, not by a token: an administrator who isn't one any more can't
undo that in the second that it takes to reach the gateways.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from auth_service.domain.administration import AccountDetails
from auth_service.domain.audit import Action, Doer
from auth_service.domain.bans import accept_ban
from auth_service.domain.factors import FactorKind
from auth_service.domain.one_time_tokens import Purpose
from auth_service.domain.requirement import Requirement
from auth_service.domain.roles import ADMINISTRATOR, accept_roles
from auth_service.domain.sessions import EndReason
from auth_service.mail.orders import Template
from auth_service.mail.outbox import Outbox
from auth_service.repository.administration import AdministrationRepository
from auth_service.repository.audit import AuditRepository
from auth_service.repository.factors import FactorRepository
from auth_service.repository.one_time_tokens import OneTimeTokenRepository
from auth_service.repository.sessions import Ending
from auth_service.service.api_keys import delete_api_key, restore_api_keys, revoke_api_keys, stop_api_keys
from auth_service.service.ending import end_sessions
from auth_service.service.factors import reset_factors
from auth_service.service.freshness import require_enough, require_fresh
from auth_service.service.removal import Removal
from shared.db import Connection, Database
from shared.errors import InsufficientRole, NotFound, Unauthenticated
from shared.events.publish import NewEvent, publish


async def change_roles(connection: Connection, doer: Doer, user_id: UUID, roles: tuple[str, ...]) -> list[NewEvent]:
    """Set them; where they change, end the person's sessions, so that no token or cookie tells of the old ones.

    Raises NotFound or LastAdministrator.
    """
    accounts = AdministrationRepository(connection)
    before = await accounts.hold_roles(user_id)
    if before is None:
        raise NotFound
    if set(before) == set(roles):
        return []
    await accounts.set_roles(user_id, roles)
    details = {"before": " ".join(before), "after": " ".join(roles)}
    await AuditRepository(connection).record(doer.did(Action.ROLES_CHANGED, user_id, **details))
    return await end_sessions(connection, Ending(user_id, EndReason.ROLES_CHANGED))


@dataclass(frozen=True, slots=True)
class Administration:
    """Everything here raises InsufficientUserAuthentication, InsufficientRole, NotFound and Unavailable."""

    database: Database
    outbox: Outbox
    removal: Removal
    requirement: Requirement

    async def get(self, user_id: UUID) -> AccountDetails:
        """Return the account, for whoever may read it. Raises NotFound."""
        found = await AdministrationRepository(self.database).find(user_id)
        if found is None:
            raise NotFound
        return found

    async def set_roles(self, doer: Doer, user_id: UUID, raw: list[str]) -> None:
        """Raises InvalidRole or LastAdministrator."""
        roles = accept_roles(raw)
        async with self._acting(doer, user_id) as connection:
            await publish(connection, "auth", await change_roles(connection, doer, user_id, roles))

    async def ban(self, doer: Doer, user_id: UUID, reason: str, until: datetime | None) -> None:
        """Let nobody sign in, end all sessions, stop the API keys, and have hidden what the person published.

        Raises InvalidBan or LastAdministrator.
        """
        ban = accept_ban(reason, until, datetime.now(UTC))
        async with self._acting(doer, user_id) as connection:
            if not await AdministrationRepository(connection).ban(user_id, ban):
                raise NotFound
            end = ban.until.isoformat() if ban.until is not None else "never"
            entry = doer.did(Action.ACCOUNT_BANNED, user_id, reason=ban.reason, until=end)
            await AuditRepository(connection).record(entry)
            events = await end_sessions(connection, Ending(user_id, EndReason.ACCOUNT_BANNED))
            events += await stop_api_keys(connection, user_id)
            told = {"until": ban.until.isoformat() if ban.until is not None else None}
            await publish(connection, "auth", [*events, NewEvent("user_banned", str(user_id), told)])

    async def unban(self, doer: Doer, user_id: UUID) -> None:
        """Lift a ban; the API keys are good again, and what was hidden is seen. Lifting none is no failure.

        Followers are told of that too: one whose ban the release before lifted is hidden by them still.
        """
        async with self._acting(doer, user_id) as connection:
            accounts = AdministrationRepository(connection)
            if await accounts.hold_roles(user_id) is None:
                raise NotFound
            events: list[NewEvent] = []
            if await accounts.unban(user_id):
                await AuditRepository(connection).record(doer.did(Action.ACCOUNT_UNBANNED, user_id))
                events = await restore_api_keys(connection, user_id)
            await publish(connection, "auth", [*events, NewEvent("user_unbanned", str(user_id))])

    async def void_password(self, doer: Doer, user_id: UUID, *, keep_api_keys: bool) -> None:
        """Let the password be wrong until a new one is set by mail; end all sessions, and the keys unless kept.

        A change of address that is under way is void.
        """
        async with self._acting(doer, user_id) as connection:
            if not await AdministrationRepository(connection).void_password(user_id):
                raise NotFound
            await OneTimeTokenRepository(connection).delete(user_id, Purpose.EMAIL_CHANGE)
            await AuditRepository(connection).record(doer.did(Action.PASSWORD_VOIDED, user_id))
            events = await end_sessions(connection, Ending(user_id, EndReason.PASSWORD_VOIDED))
            if not keep_api_keys:
                events += await revoke_api_keys(connection, user_id)
            await publish(connection, "auth", events)

    async def reset_factors(self, doer: Doer, user_id: UUID) -> None:
        """Take all second factors and recovery codes away, for whoever has lost them; their owner is told by mail."""
        async with self._acting(doer, user_id) as connection:
            if await AdministrationRepository(connection).hold_roles(user_id) is None:
                raise NotFound
            kinds = set(await FactorRepository(connection).kinds(user_id)) - {FactorKind.RECOVERY_CODE}
            if number := await reset_factors(connection, user_id):
                await AuditRepository(connection).record(doer.did(Action.FACTORS_RESET, user_id, factors=str(number)))
            for kind in sorted(kinds):
                await self.outbox.notify(connection, user_id, Template.FACTOR_REMOVED, {"factor": kind.value})

    async def sign_out(self, doer: Doer, user_id: UUID) -> None:
        """End all of the person's sessions."""
        async with self._acting(doer, user_id) as connection:
            if await AdministrationRepository(connection).hold_roles(user_id) is None:
                raise NotFound
            events = await end_sessions(connection, Ending(user_id, EndReason.ENDED_BY_ADMINISTRATOR))
            entry = doer.did(Action.SIGNED_OUT_EVERYWHERE, user_id, ended=str(len(events)))
            await AuditRepository(connection).record(entry)
            await publish(connection, "auth", events)

    async def end_session(self, doer: Doer, user_id: UUID, session_id: UUID) -> None:
        """End one of the person's sessions. One that has ended already is as good as none."""
        async with self._acting(doer, user_id) as connection:
            ending = Ending(user_id, EndReason.ENDED_BY_ADMINISTRATOR, only=session_id)
            events = await end_sessions(connection, ending)
            if not events:
                raise NotFound
            details = {"ended": str(session_id), "reason": ending.reason.value}
            await AuditRepository(connection).record(doer.did(Action.SESSION_ENDED, user_id, **details))
            await publish(connection, "auth", events)

    async def delete_api_key(self, doer: Doer, user_id: UUID, api_key_id: UUID) -> None:
        async with self._acting(doer, user_id) as connection:
            await publish(connection, "auth", await delete_api_key(connection, doer, user_id, api_key_id))

    async def delete(self, doer: Doer, user_id: UUID) -> None:
        """Delete the account and all that belongs to it, everywhere; its owner is told by mail.

        Raises LastAdministrator.
        """
        async with self._acting(doer, user_id) as connection:
            if await AdministrationRepository(connection).hold_roles(user_id) is None:
                raise NotFound
            entry = doer.did(Action.ACCOUNT_DELETED, user_id)
            await publish(connection, "auth", await self.removal.remove(connection, user_id, entry))

    @asynccontextmanager
    async def _acting(self, doer: Doer, user_id: UUID) -> AsyncIterator[Connection]:
        """Begin a transaction in which the doer is an administrator, by a fresh session, until it ends.

        Whoever takes that from them waits, as whoever does anything else to the account does.
        """
        async with self.database.transaction() as connection:
            await AdministrationRepository(connection).hold({doer.user_id, user_id})
            await require_administrator(connection, doer, self.requirement)
            yield connection


async def require_administrator(connection: Connection, doer: Doer, requirement: Requirement) -> None:
    """Raises Unauthenticated, InsufficientUserAuthentication or InsufficientRole."""
    if doer.session_id is None:
        raise Unauthenticated
    standing = await require_fresh(connection, doer.user_id, doer.session_id)
    if ADMINISTRATOR not in standing.roles:
        raise InsufficientRole
    require_enough(requirement, standing)
