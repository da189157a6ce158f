"""Has whoever proved one factor show the second before a session begins."""

from auth_service.domain.accounts import Proof
from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.pending import LABEL, PendingSignIn, proved_mark
from auth_service.domain.sessions import SessionKind
from auth_service.domain.standing import SEVERAL_FACTORS
from auth_service.errors import SecondFactorRequired
from auth_service.repository.audit import AuditRepository
from auth_service.repository.factors import FactorRepository
from auth_service.repository.pending import PendingRepository
from shared.db import Connection
from shared.opaque_tokens import digest, mint


async def ask_second_factor(
    connection: Connection, proof: Proof, device: Device, kind: SessionKind
) -> SecondFactorRequired | None:
    """Return what to raise once the transaction, which holds the account, is committed; none if nothing is owed."""
    account = proof.account
    if SEVERAL_FACTORS in proof.methods:
        return None
    factors = await FactorRepository(connection).kinds(account.user_id)
    if not factors:
        return None
    token = mint(LABEL)
    mark = proved_mark(account.password_changed_at)
    pending = PendingSignIn(account.user_id, proof.methods, mark, kind, device.address_prefix, proof.code_hash)
    await PendingRepository(connection).add(digest(token), pending)
    details = {"methods": " ".join(proof.methods), "kind": kind.value}
    await AuditRepository(connection).record(
        AuditEntry(Action.SECOND_FACTOR_ASKED, device, account.user_id, account.user_id, details=details)
    )
    return SecondFactorRequired(token, factors)
