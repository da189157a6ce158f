"""Access tokens: JWTs after RFC 9068, signed with ES256, that the gateway verifies by our published keys."""

import secrets
import time
from dataclasses import dataclass
from uuid import UUID

import jwt

from auth_service.domain.standing import Standing
from auth_service.key_ring import KeyRing

LIFETIME = 600  # seconds
AUDIENCE = "colonnade"
FULL_SCOPE = "full"  # a person's own session may do all that the person may


@dataclass(frozen=True, slots=True)
class Grant:
    """Whom a token speaks for, and the generation of the refresh token that came with it."""

    user_id: UUID
    session_id: UUID
    generation: int
    standing: Standing


class AccessTokens:
    def __init__(self, keys: KeyRing, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer

    async def issue(self, grant: Grant) -> str:
        """Raises Unavailable while there is no signing key."""
        key = await self._keys.signing_key()
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(grant.user_id),
            "sid": str(grant.session_id),
            "gen": grant.generation,
            "jti": secrets.token_urlsafe(16),
            "scope": FULL_SCOPE,
            "amr": list(grant.standing.methods),
            "acr": grant.standing.acr,
            "auth_time": int(grant.standing.authenticated_at.timestamp()),
            "roles": list(grant.standing.roles),
            "iat": now,
            "exp": now + LIFETIME,
        }
        return jwt.encode(claims, key.private_key, "ES256", headers={"typ": "at+jwt", "kid": key.kid})
