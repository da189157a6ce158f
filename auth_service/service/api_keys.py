"""API keys: made by a person in a session, deleted by the same, and told of to whoever let them in."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from auth_service.domain.api_keys import MOST_KEYS, ApiKey, NewApiKey, accept_expiry, accept_name, accept_scopes
from auth_service.domain.audit import Action, Doer
from auth_service.domain.requirement import Requirement
from auth_service.errors import TooManyApiKeys
from auth_service.metrics import API_KEYS_CREATED, API_KEYS_REVOKED
from auth_service.repository.api_keys import ApiKeyRepository
from auth_service.repository.audit import AuditRepository
from auth_service.service.freshness import require_enough, require_fresh
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


async def delete_api_key(connection: Connection, doer: Doer, user_id: UUID, api_key_id: UUID) -> list[NewEvent]:
    """Delete a key of that person's and write it down; return the events to publish. Raises NotFound."""
    events = await revoke_api_keys(connection, user_id, api_key_id)
    if not events:
        raise NotFound
    await AuditRepository(connection).record(doer.did(Action.API_KEY_DELETED, user_id, api_key_id=str(api_key_id)))
    return events


async def stop_api_keys(connection: Connection, user_id: UUID, event: str = "api_key_revoked") -> list[NewEvent]:
    """Return the events that stop the person's keys at the gateways without deleting them, or bring them back."""
    found = await ApiKeyRepository(connection).list_ids(user_id)
    return [NewEvent(event, str(each), {"user_id": str(user_id)}) for each in found]


async def restore_api_keys(connection: Connection, user_id: UUID) -> list[NewEvent]:
    """Return the events by which gateways take the person's stopped keys again."""
    return await stop_api_keys(connection, user_id, "api_key_restored")


@dataclass(frozen=True, slots=True)
class ApiKeyKeeping:
    database: Database
    requirement: Requirement

    async def create(self, doer: Doer, wish: KeyWish) -> MadeKey:
        """Make a key. Raises InvalidKeyName, InvalidScope, InvalidKeyExpiry, TooManyApiKeys.

        Raises InsufficientUserAuthentication unless the session is fresh: a key outlives whoever has stolen one.
        """
        secret = new_api_key()
        new = NewApiKey(
            api_key_id=uuid7(),
            user_id=doer.user_id,
            secret_hash=digest(secret),
            hint=secret[:_HINT],
            name=accept_name(wish.name),
            scopes=accept_scopes(wish.scopes),
            expires_at=accept_expiry(wish.expires_at, datetime.now(UTC)),
        )
        async with self.database.transaction() as connection:
            keys = ApiKeyRepository(connection)
            if await keys.count(doer.user_id) >= MOST_KEYS:
                raise TooManyApiKeys(f"Delete one of your {MOST_KEYS} first.")
            # After the account is held: a password change that ended this session must not be outlived by a new key.
            standing = await require_fresh(connection, doer.user_id, doer.session_id)
            require_enough(self.requirement, standing)
            made = await keys.add(new)
            details = {"api_key_id": str(new.api_key_id), "scopes": " ".join(new.scopes)}
            await AuditRepository(connection).record(doer.did(Action.API_KEY_CREATED, doer.user_id, **details))
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

    async def delete(self, doer: Doer, api_key_id: UUID) -> None:
        """Delete a key; it is dead once the gateway has heard of it. Raises NotFound."""
        async with self.database.transaction() as connection:
            await publish(connection, "auth", await delete_api_key(connection, doer, doer.user_id, api_key_id))
