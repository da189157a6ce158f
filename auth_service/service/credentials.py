"""Answers the gateway: whom does this cookie, or this API key, stand for? And takes note of their use."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.credentials import CredentialKind, Holder
from auth_service.domain.requirement import Requirement
from auth_service.metrics import CREDENTIALS_CHECKED
from auth_service.repository.api_keys import ApiKeyRepository
from auth_service.repository.browser_sessions import BrowserSessionRepository
from auth_service.service.browser_sessions import BrowserCookie
from auth_service.service.ending import end_below_requirement
from shared.credentials import is_api_key
from shared.db import Database
from shared.opaque_tokens import digest


@dataclass(frozen=True, slots=True)
class CredentialKeeping:
    database: Database
    requirement: Requirement

    async def verify(self, kind: CredentialKind, credential: str) -> Holder | None:
        """Return whom it stands for; none for what is unknown, revoked or expired."""
        check = self._of_key if kind is CredentialKind.API_KEY else self._of_cookie
        holder = await check(credential)
        CREDENTIALS_CHECKED.labels(kind.value, "refused" if holder is None else "good").inc()
        return holder

    async def _of_key(self, key: str) -> Holder | None:
        return await ApiKeyRepository(self.database).find_holder(digest(key)) if is_api_key(key) else None

    async def _of_cookie(self, text: str) -> Holder | None:
        cookie = BrowserCookie.read(text)
        if cookie is None:
            return None
        holder = await BrowserSessionRepository(self.database).find_holder(cookie.session_id, cookie.secret_hash)
        if holder is None or holder.standing is None or not self.requirement.is_unmet(holder.standing):
            return holder
        await end_below_requirement(self.database, holder.user_id, holder.credential_id)
        return None

    async def note_uses(self, browser_sessions: list[UUID], api_keys: list[UUID]) -> None:
        if browser_sessions:
            await BrowserSessionRepository(self.database).note_uses(browser_sessions)
        if api_keys:
            await ApiKeyRepository(self.database).note_uses(api_keys)
