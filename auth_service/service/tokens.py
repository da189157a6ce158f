"""What a person is handed: an access token and the refresh token of the same generation."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.access_tokens import LIFETIME, AccessTokens, Grant
from auth_service.domain.standing import Standing
from auth_service.refresh_tokens import RefreshToken, RefreshTokens


@dataclass(frozen=True, slots=True)
class Tokens:
    """`expires_in` is in seconds and the access token's."""

    access_token: str
    expires_in: int
    refresh_token: str


@dataclass(frozen=True, slots=True)
class FreshToken:
    """An access token alone: the refresh token stays as it is."""

    access_token: str
    expires_in: int


class TokenIssuer:
    def __init__(self, access: AccessTokens, refresh: RefreshTokens) -> None:
        self._access = access
        self._refresh = refresh

    def first(self, session_id: UUID) -> RefreshToken:
        return self._refresh.first(session_id)

    async def issue(self, user_id: UUID, token: RefreshToken, standing: Standing) -> Tokens:
        """Raises Unavailable."""
        access_token = await self._access.issue(Grant(user_id, token.session_id, token.generation, standing))
        return Tokens(access_token, LIFETIME, self._refresh.encode(token))

    async def renew(self, user_id: UUID, session_id: UUID, generation: int, standing: Standing) -> FreshToken:
        """Return a token of the same generation that says more of the session. Raises Unavailable."""
        return FreshToken(await self._access.issue(Grant(user_id, session_id, generation, standing)), LIFETIME)
