"""What a person is handed: an access token and the refresh token of the same generation."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.access_tokens import LIFETIME, AccessTokens, Grant
from auth_service.domain.devices import Device
from auth_service.domain.sessions import NewSession
from auth_service.refresh_tokens import RefreshToken, RefreshTokens
from shared.ids import uuid7

PASSWORD_ONLY = ("pwd",)  # RFC 8176


@dataclass(frozen=True, slots=True)
class Tokens:
    """`expires_in` is in seconds and the access token's."""

    user_id: UUID
    access_token: str
    expires_in: int
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A session that is to be stored, and the tokens that are good once it is."""

    session: NewSession
    tokens: Tokens


class TokenIssuer:
    def __init__(self, access: AccessTokens, refresh: RefreshTokens) -> None:
        self._access = access
        self._refresh = refresh

    async def open(self, user_id: UUID, device: Device) -> Opening:
        """Prepare a session for a person who has just proved a password. Raises Unavailable."""
        token = self._refresh.first(uuid7())
        session = NewSession(token.session_id, user_id, token.secret_hash, device, PASSWORD_ONLY)
        return Opening(session, await self.issue(user_id, token, PASSWORD_ONLY))

    async def issue(self, user_id: UUID, token: RefreshToken, amr: tuple[str, ...]) -> Tokens:
        """Raises Unavailable."""
        access_token = await self._access.issue(Grant(user_id, token.session_id, token.generation, amr))
        return Tokens(user_id, access_token, LIFETIME, self._refresh.encode(token))
