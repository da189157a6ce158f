"""What travels between our programs: the shapes of the private port's requests and answers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from auth_service.domain.credentials import CredentialKind, Holder


class RevocationView(Struct, frozen=True):
    session_id: UUID
    revoked_at: datetime


class RevocationsView(Struct, frozen=True):
    """The sessions ended lately; follow the events from `position` for more."""

    epoch: UUID
    position: int
    revocations: list[RevocationView]


class Confirmation(Struct, frozen=True, forbid_unknown_fields=True):
    """An access token of this generation of the session was seen in use."""

    session_id: UUID
    generation: Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Confirmations(Struct, frozen=True, forbid_unknown_fields=True):
    confirmations: Annotated[list[Confirmation], Meta(max_length=5000)]


class CredentialQuery(Struct, frozen=True, forbid_unknown_fields=True):
    kind: CredentialKind
    credential: Annotated[str, Meta(max_length=200)]


class HolderView(Struct, frozen=True):
    """`credential_id` is the session's or the key's, and what a revocation names. A key has neither `acr` nor
    `auth_time`, which is in seconds since 1970.
    """

    user_id: UUID
    credential_id: UUID
    scopes: list[str]
    roles: list[str]
    amr: list[str]
    acr: str
    auth_time: int
    expires_at: datetime | None


class Verification(Struct, frozen=True):
    """`holder` is null for a credential that is good for nothing."""

    holder: HolderView | None


class CredentialUses(Struct, frozen=True, forbid_unknown_fields=True):
    browser_sessions: Annotated[list[UUID], Meta(max_length=5000)]
    api_keys: Annotated[list[UUID], Meta(max_length=5000)]


def present_holder(holder: Holder | None) -> HolderView | None:
    if holder is None:
        return None
    standing = holder.standing
    return HolderView(
        user_id=holder.user_id,
        credential_id=holder.credential_id,
        scopes=list(holder.scopes),
        roles=list(standing.roles) if standing else [],
        amr=list(standing.methods) if standing else [],
        acr=standing.acr if standing else "",
        auth_time=int(standing.authenticated_at.timestamp()) if standing else 0,
        expires_at=holder.expires_at,
    )
