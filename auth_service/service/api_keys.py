"""API keys: made by a person in a session, deleted by the same, and told of to whoever let them in."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from auth_service.domain.api_keys import MOST_KEYS, ApiKey, NewApiKey, accept_expiry, accept_name, accept_scopes
from auth_service.errors import TooManyApiKeys
from auth_service.metrics import API_KEYS_CREATED, API_KEYS_REVOKED
from auth_service.repository.api_keys import ApiKeyRepository
from auth_service.service.freshness import require_fresh
from shared.credentials import API_KEY_LABEL, new_api_key
from shared.db import Connection, Database
from shared.errors import NotFound
from shared.events.publish import NewEvent, publish
from shared.ids import uuid7
from shared.opaque_tokens import digest

_HINT = len(API_KEY_LABEL) + 4  # characters: enough to tell one's own keys apart, and 24 of 256 bits


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What a person asks for."""

    name: str
    scopes: list[str]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class MadeKey:
    """`secret` is told this once; nobody can read it again."""

    key: ApiKey
    secret: str


async def revoke_api_keys(connection: Connection, user_id: UUID, only: UUID | None = None) -> list[NewEvent]:
    """Delete the person's keys, or one, and return the events to publish as the transaction's last step."""
    deleted = await ApiKeyRepository(connection).delete(user_id, only)
    API_KEYS_REVOKED.inc(len(deleted))
    return [NewEvent("api_key_revoked", str(each), {"user_id": str(user_id)}) for each in deleted]


@dataclass(frozen=True, slots=True)
class ApiKeyKeeping:
    database: Database

    async def create(self, user_id: UUID, session_id: UUID, wish: KeyWish) -> MadeKey:
        """Make a key. Raises InvalidKeyName, InvalidScope, InvalidKeyExpiry, TooManyApiKeys.

        Raises InsufficientUserAuthentication unless the session is fresh: a key outlives whoever has stolen one.
        """
        secret = new_api_key()
        new = NewApiKey(
            api_key_id=uuid7(),
            user_id=user_id,
            secret_hash=digest(secret),
            hint=secret[:_HINT],
            name=accept_name(wish.name),
            scopes=accept_scopes(wish.scopes),
            expires_at=accept_expiry(wish.expires_at, datetime.now(UTC)),
        )
        async with self.database.transaction() as connection:
            keys = ApiKeyRepository(connection)
            if await keys.count(user_id) >= MOST_KEYS:
                raise TooManyApiKeys(f"Delete one of your {MOST_KEYS} first.")
            # After the account is held: a password change that ended this session must not be outlived by a new key.
            await require_fresh(connection, user_id, session_id)
            made = await keys.add(new)
        API_KEYS_CREATED.inc()
        return MadeKey(made, secret)

    async def get(self, user_id: UUID, api_key_id: UUID) -> ApiKey:
        """Raises NotFound for a key that isn't the person's."""
        key = await ApiKeyRepository(self.database).find(user_id, api_key_id)
        if key is None:
            raise NotFound
        return key

    async def list_page(self, user_id: UUID, before: UUID | None, limit: int) -> list[ApiKey]:
        return await ApiKeyRepository(self.database).list_page(user_id, before, limit)

    async def delete(self, user_id: UUID, api_key_id: UUID) -> None:
        """Delete a key; it is dead once the gateway has heard of it. Raises NotFound."""
        async with self.database.transaction() as connection:
            events = await revoke_api_keys(connection, user_id, api_key_id)
            if not events:
                raise NotFound
            await publish(connection, "auth", events)
