"""What travels: the shapes of requests and answers."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from auth_service.domain.api_keys import ApiKey
from auth_service.domain.sessions import SessionKind, SessionSummary
from auth_service.service.api_keys import MadeKey
from auth_service.service.ending import LogoutScope
from auth_service.service.tokens import Tokens
from shared.web.paging import PageQuery


class Credentials(Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    password: str
    session: SessionKind = SessionKind.TOKEN


class RefreshRequest(Struct, frozen=True, forbid_unknown_fields=True):
    refresh_token: str


class LogoutRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`this` session, all the `others`, or `all` of them."""

    scope: LogoutScope = LogoutScope.THIS


class PasswordChangeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`current_password` is left out where the account has none yet; the session must then have been proved lately."""

    new_password: str
    current_password: str | None = None
    keep_api_keys: bool = False


class DeletionRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`password` is left out where the account has none; the session must then have been proved lately."""

    password: str | None = None


class SignInAnswer(Struct, frozen=True, omit_defaults=True):
    """Whoever holds the session by a cookie gets no tokens. `expires_in` is the access token's life in seconds."""

    user_id: UUID
    access_token: str | UnsetType = UNSET
    expires_in: int | UnsetType = UNSET
    refresh_token: str | UnsetType = UNSET
    token_type: Literal["Bearer"] | UnsetType = UNSET


class ApiKeyRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`scopes` are what routes ask for, or `full` for all of them; without `expires_at` the key never expires."""

    name: Annotated[str, Meta(max_length=1000)]
    scopes: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(min_length=1, max_length=50)]
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class ApiKeyView(Struct, frozen=True):
    """`hint` is how the key begins; `last_used_at` is right to some minutes."""

    id: UUID
    hint: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewApiKeyView(ApiKeyView, frozen=True, kw_only=True):
    """`key` is the secret itself."""

    key: str


class SessionsQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`ended` asks for the sessions that are over, for 30 days, instead of those that live."""

    ended: bool = False


class SessionView(Struct, frozen=True):
    """One sign-in on one device; `current` is the one that asks.

    `browser` (or program) and `system` are guessed from what the client says of itself. `methods` are those of
    RFC 8176 by which its owner proved to be that, at `authenticated_at`. What begins with `end` is null while it
    lives; `end_reason` is for programs, `end_explanation` for people.
    """

    id: UUID
    current: bool
    kind: SessionKind
    methods: list[str]
    browser: str
    system: str
    user_agent: str
    address_prefix: str
    created_at: datetime
    authenticated_at: datetime
    last_used_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    end_explanation: str | None


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


def present_tokens(user_id: UUID, tokens: Tokens) -> SignInAnswer:
    return SignInAnswer(user_id, tokens.access_token, tokens.expires_in, tokens.refresh_token, "Bearer")


def present_session(session: SessionSummary, current: UUID | None = None) -> SessionView:
    agent, end = session.agent, session.end
    return SessionView(
        id=session.session_id,
        current=session.session_id == current,
        kind=session.kind,
        methods=list(session.methods),
        browser=agent.browser,
        system=agent.system,
        user_agent=session.device.user_agent,
        address_prefix=session.device.address_prefix,
        created_at=session.created_at,
        authenticated_at=session.authenticated_at,
        last_used_at=session.last_used_at,
        ended_at=end.at if end else None,
        end_reason=end.reason.value if end else None,
        end_explanation=end.explanation if end else None,
    )


def present_api_key(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        id=key.api_key_id,
        hint=key.hint,
        name=key.name,
        scopes=list(key.scopes),
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
    )


def present_new_api_key(made: MadeKey) -> NewApiKeyView:
    return NewApiKeyView(**structs.asdict(present_api_key(made.key)), key=made.secret)
