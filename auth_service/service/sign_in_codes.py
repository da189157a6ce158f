"""Codes that apps fetch their session with: each is good once, and a second use ends what the first began."""

from dataclasses import dataclass

from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.federation import Handover
from auth_service.domain.sessions import EndReason
from auth_service.errors import InvalidSignInCode
from auth_service.pkce import answers
from auth_service.repository.audit import AuditRepository
from auth_service.repository.sessions import Ending, SessionRepository
from auth_service.repository.spent_codes import SpentCodeRepository
from auth_service.service.ending import end_sessions
from auth_service.service.flows import FlowKeeping
from shared.db import Connection, Database
from shared.events.publish import publish
from shared.opaque_tokens import digest


@dataclass(frozen=True, slots=True)
class SignInCodes:
    database: Database
    flows: FlowKeeping

    async def spend(self, code: str, verifier: str, device: Device) -> Handover:
        """Return what the code stands for, once; a wrong verifier spends it too. Raises InvalidSignInCode.

        Where it was used before, and the verifier is right again, somebody has copied both: the session of the first
        use ends (RFC 6749, 4.1.2), or doesn't begin. That an app only asks again, as it got no answer, can't be told
        from this: it loses a session that it never got. Who has seen the code alone ends nothing.
        """
        async with self.database.transaction() as connection:
            handover = await self.flows.take(code, Handover, connection)
            good = handover is not None and answers(verifier, handover.challenge)
            if handover is None:
                await _end_what_began(connection, digest(code), verifier, device)
            elif good:
                await SpentCodeRepository(connection).add(digest(code), handover.challenge)
        if handover is None or not good:
            raise InvalidSignInCode  # committed, whatever the caller is told
        return handover


async def _end_what_began(connection: Connection, code_hash: bytes, verifier: str, device: Device) -> None:
    codes = SpentCodeRepository(connection)
    challenge = await codes.find_challenge(code_hash)
    if challenge is None or not answers(verifier, challenge):
        return
    session_id = await codes.forget(code_hash)
    user_id = await SessionRepository(connection).find_owner(session_id) if session_id is not None else None
    if user_id is None:
        return
    reason = EndReason.SIGN_IN_CODE_REUSE
    events = await end_sessions(connection, Ending(user_id, reason, only=session_id))
    if events:  # nobody knows who it was that asked
        details = {"reason": reason.value}
        entry = AuditEntry(Action.SIGN_IN_CODE_REUSED, device, user_id, session_id=session_id, details=details)
        await AuditRepository(connection).record(entry)
    await publish(connection, "auth", events)
