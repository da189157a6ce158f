"""Carries out what the rotation rule decides, and decides again whenever the session changed in between."""

from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.refreshing import Verdict, judge, limited_for
from auth_service.domain.requirement import Requirement
from auth_service.domain.sessions import EXPLANATIONS, EndReason
from auth_service.errors import SessionExpired, SessionRevoked, TooManyRefreshes
from auth_service.metrics import REFRESHES
from auth_service.refresh_tokens import RefreshTokens
from auth_service.repository.rotation import Reading, RotationRepository
from auth_service.repository.sessions import Ending
from auth_service.service.ending import end_and_tell, end_below_requirement
from auth_service.service.tokens import TokenIssuer, Tokens
from shared.db import Database
from shared.errors import Unavailable

_TRIES = 5  # each lost race moves the session on: rotate, replay, reuse; more are never needed


@dataclass(frozen=True, slots=True)
class Refreshing:
    database: Database
    rotation: RotationRepository
    refresh_tokens: RefreshTokens
    issuer: TokenIssuer
    requirement: Requirement

    async def refresh(self, presented: str, device: Device) -> tuple[UUID, Tokens]:
        """Return whose session it is and the tokens of its next generation.

        They are those of the same one, if the answer was lost or is on its way.

        A session that one factor alone began, where two are required by now, ends here instead.

        Raises InvalidRefreshToken, SessionRevoked, SessionExpired, TooManyRefreshes, Unavailable.
        """
        token = self.refresh_tokens.decode(presented)
        shown, successors = self.refresh_tokens.presented(token), self.refresh_tokens.successors(token)
        for _ in range(_TRIES):
            reading = await self.rotation.read(token.session_id)
            if reading is None:
                raise SessionExpired
            verdict = judge(shown, reading.rotation, reading.read_at)
            if verdict in (Verdict.ROTATE, Verdict.REPLAY) and self.requirement.is_unmet(reading.standing):
                await end_below_requirement(self.database, reading.user_id, token.session_id)
                continue  # and find it ended
            successor = successors[shown.made(reading.rotation.secret_hash) or 0]
            if verdict is Verdict.ROTATE:
                done = await self.rotation.rotate(token.session_id, token.generation, successor.secret_hash, device)
            elif verdict is Verdict.REPLAY:
                done = await self.rotation.replay(token.session_id, successor.generation, device)
            else:
                await self._refuse(verdict, reading, token.session_id, device)
            if done:
                REFRESHES.labels(verdict.name.lower()).inc()
                return reading.user_id, await self.issuer.issue(reading.user_id, successor, reading.standing)
        raise Unavailable("The session is busy.")

    async def _refuse(self, verdict: Verdict, reading: Reading, session_id: UUID, device: Device) -> NoReturn:
        REFRESHES.labels(verdict.name.lower()).inc()
        if verdict is Verdict.TOO_OFTEN:
            raise TooManyRefreshes(limited_for(reading.rotation, reading.read_at))
        if verdict is Verdict.EXPIRED:
            raise SessionExpired
        reason = reading.revoked_reason or EndReason.REFRESH_TOKEN_REUSE
        if verdict is Verdict.REUSE:
            # Committed here, whatever the caller is told next. Nobody knows who it was that asked.
            entry = AuditEntry(Action.REFRESH_TOKEN_REUSED, device, reading.user_id, session_id=session_id)
            await end_and_tell(self.database, Ending(reading.user_id, reason, only=session_id), entry)
        raise SessionRevoked(EXPLANATIONS[reason], reason.value)
