"""Sign-ins that wait: whoever proved one factor shows the second, or adds one, before a session begins."""

from dataclasses import dataclass

from auth_service.domain.accounts import Account, Proof
from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.factors import ENROLLABLE
from auth_service.domain.pending import LABEL, PendingSignIn, proved_mark
from auth_service.domain.requirement import Requirement
from auth_service.domain.sessions import SessionKind
from auth_service.domain.standing import SEVERAL_FACTORS
from auth_service.errors import InvalidPendingSignIn, SecondFactorEnrolmentRequired, SecondFactorRequired
from auth_service.marks import Marks
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.audit import AuditRepository
from auth_service.repository.factors import FactorRepository
from auth_service.repository.pending import PendingRepository
from shared.db import Connection, Database
from shared.opaque_tokens import digest, mint


async def ask_second_factor(
    connection: Connection, proof: Proof, device: Device, kind: SessionKind, requirement: Requirement
) -> SecondFactorRequired | None:
    """Return what to raise once the transaction, which holds the account, is committed; none if nothing is owed."""
    account = proof.account
    if SEVERAL_FACTORS in proof.methods:
        return None
    factors = await FactorRepository(connection).kinds(account.user_id)
    if not factors and not requirement.asks(account.roles):
        return None
    token = mint(LABEL)
    mark = proved_mark(account.password_changed_at)
    pending = PendingSignIn(account.user_id, proof.methods, mark, kind, device.address_prefix, proof.code_hash)
    await PendingRepository(connection).add(digest(token), pending)
    action = Action.SECOND_FACTOR_ASKED if factors else Action.SECOND_FACTOR_ENROLMENT_ASKED
    details = {"methods": " ".join(proof.methods), "kind": kind.value}
    await AuditRepository(connection).record(
        AuditEntry(action, device, account.user_id, account.user_id, details=details)
    )
    return SecondFactorRequired(token, factors) if factors else SecondFactorEnrolmentRequired(token, ENROLLABLE)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-in that waits, and its account as it was proved."""

    token_hash: bytes
    pending: PendingSignIn
    account: Account


@dataclass(frozen=True, slots=True)
class PendingSignIns:
    """Everything here raises InvalidPendingSignIn, also where the account isn't as it was proved any more."""

    database: Database
    marks: Marks

    async def find(self, token: str, device: Device, *, on_page: bool) -> Waiting:
        """`on_page`: a program's, which ends with tokens, is none."""
        token_hash = digest(token)
        pending = await PendingRepository(self.database).find(token_hash, device.address_prefix)
        if on_page:
            pending = _if_a_browsers(pending)
        return await self._waiting(token_hash, pending, device)

    async def guess(self, token: str, device: Device, *, on_page: bool) -> Waiting:
        """As `find`, and count a guess."""
        token_hash = digest(token)
        pending = await PendingRepository(self.database).guess(token_hash, device.address_prefix)
        if on_page:
            pending = _if_a_browsers(pending)
        return await self._waiting(token_hash, pending, device)

    async def _waiting(self, token_hash: bytes, pending: PendingSignIn | None, device: Device) -> Waiting:
        if pending is None:
            raise InvalidPendingSignIn
        accounts, fingerprint = AccountRepository(self.database), self.marks.fingerprint(device)
        account = await accounts.find_by_id(pending.user_id, fingerprint)
        if account is None or proved_mark(account.password_changed_at) != pending.proved_mark:
            raise InvalidPendingSignIn
        return Waiting(token_hash, pending, account)


def _if_a_browsers(pending: PendingSignIn | None) -> PendingSignIn | None:
    return pending if pending is not None and pending.kind is SessionKind.BROWSER else None
