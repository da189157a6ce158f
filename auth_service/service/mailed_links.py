"""Whether a mailed link still does what its page asks a click for."""

from dataclasses import dataclass

from auth_service.domain.one_time_tokens import Purpose, is_link_token
from auth_service.repository.one_time_tokens import OneTimeTokenRepository
from auth_service.service.one_time_mail import link_digest
from shared.db import Database


@dataclass(frozen=True, slots=True)
class MailedLinks:
    """Spends nothing. What is good now may be spent before the click, so that judges anew."""

    database: Database

    async def is_good(self, purpose: Purpose, token: str) -> bool:
        if not is_link_token(token):
            return False
        return await OneTimeTokenRepository(self.database).find_address(purpose, link_digest(token)) is not None
