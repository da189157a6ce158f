"""What travels: the shapes of requests and answers."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from auth_service.domain.sessions import SessionSummary
from auth_service.service.ending import LogoutScope
from auth_service.service.tokens import Tokens


class Credentials(Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    password: str


class RefreshRequest(Struct, frozen=True, forbid_unknown_fields=True):
    refresh_token: str


class LogoutRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`this` session, all the `others`, or `all` of them."""

    scope: LogoutScope = LogoutScope.THIS


class PasswordChangeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    current_password: str
    new_password: str


class DeletionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    password: str


class TokenAnswer(Struct, frozen=True):
    """`expires_in` is the access token's life in seconds (RFC 6749)."""

    user_id: UUID
    access_token: str
    expires_in: int
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  a scheme's name


class SessionView(Struct, frozen=True):
    """One sign-in on one device; `current` is the one that asks."""

    id: UUID
    current: bool
    user_agent: str
    address_prefix: str
    created_at: datetime
    last_used_at: datetime


class PublicKey(Struct, frozen=True):
    """A JWK (RFC 7517) that verifies ES256."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    use: str
    alg: str
    key_ops: list[str]


class KeySet(Struct, frozen=True):
    keys: list[PublicKey]


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


def present_tokens(tokens: Tokens) -> TokenAnswer:
    return TokenAnswer(tokens.user_id, tokens.access_token, tokens.expires_in, tokens.refresh_token)


def present_session(session: SessionSummary, current: UUID) -> SessionView:
    return SessionView(
        id=session.session_id,
        current=session.session_id == current,
        user_agent=session.user_agent,
        address_prefix=session.address_prefix,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
    )
