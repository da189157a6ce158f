"""What every change of an account's factors has in common: who may make it, and what follows from it."""

from uuid import UUID

from auth_service.domain.audit import Action, AuditEntry, Doer
from auth_service.domain.factors import FactorKind
from auth_service.domain.recovery_codes import new_recovery_codes, recovery_code_hash
from auth_service.domain.standing import Standing, together
from auth_service.errors import LastSecondFactor
from auth_service.mail.orders import Template
from auth_service.mail.outbox import Outbox
from auth_service.repository.audit import AuditRepository
from auth_service.repository.factors import FactorRepository
from auth_service.repository.recovery_codes import RecoveryCodeRepository
from auth_service.service.freshness import require_fresh
from auth_service.service.step_up import raise_standing, stepped_up
from shared.db import Connection
from shared.events.publish import NewEvent


async def begin_change(connection: Connection, doer: Doer) -> Standing:
    """Hold the account and return the session's standing.

    Raises InsufficientUserAuthentication unless it was proved lately, by a second factor where there is one: so nobody
    adds or removes one with a session, or even the password, that they have stolen.
    """
    await FactorRepository(connection).hold(doer.user_id)
    return await require_fresh(connection, doer.user_id, doer.session_id)


async def note(connection: Connection, doer: Doer, action: Action, **details: str) -> None:
    entry = AuditEntry(action, doer.device, doer.user_id, doer.user_id, doer.session_id, details)
    await AuditRepository(connection).record(entry)


async def note_added(
    connection: Connection, outbox: Outbox, doer: Doer, kind: FactorKind, **details: str
) -> list[str] | None:
    """Write down, and tell its owner, that a factor counts from now on; return recovery codes where there were none."""
    await note(connection, doer, Action.FACTOR_ADDED, factor=kind.value, **details)
    await outbox.notify(connection, doer.user_id, Template.FACTOR_ADDED, {"factor": kind.value})
    if await RecoveryCodeRepository(connection).count(doer.user_id):
        return None
    return await make_recovery_codes(connection, doer)


async def note_removed(connection: Connection, outbox: Outbox, doer: Doer, kind: FactorKind, **details: str) -> None:
    """Write down, and tell its owner, that a factor is gone. With the last one go the codes that stood in for it."""
    left = await FactorRepository(connection).kinds(doer.user_id)
    if not left:
        await RecoveryCodeRepository(connection).replace(doer.user_id, [])
    state = "on" if left else "off"
    await note(connection, doer, Action.FACTOR_REMOVED, factor=kind.value, second_factor=state, **details)
    await outbox.notify(connection, doer.user_id, Template.FACTOR_REMOVED, {"factor": kind.value})


async def keep_one(connection: Connection, user_id: UUID, *, asked: bool) -> None:
    """Ask this after taking a factor away, in the transaction that does so. Raises LastSecondFactor, where one is asked
    of the account and none is left: who wants another adds it first.
    """
    if asked and not await FactorRepository(connection).kinds(user_id):
        raise LastSecondFactor


async def make_recovery_codes(connection: Connection, doer: Doer) -> list[str]:
    codes = new_recovery_codes()
    hashes = [recovery_code_hash(code) for code in codes]
    await RecoveryCodeRepository(connection).replace(doer.user_id, [each for each in hashes if each is not None])
    await note(connection, doer, Action.RECOVERY_CODES_MADE)
    return codes


async def count_as_proved(
    connection: Connection, doer: Doer, standing: Standing, methods: tuple[str, ...]
) -> list[NewEvent]:
    """Have the session count as proved by two: its owner has just shown the new one too. Return what to publish."""
    raised = Standing.now(together(standing.methods, methods), standing.roles)
    return stepped_up(doer, await raise_standing(connection, doer, raised))
