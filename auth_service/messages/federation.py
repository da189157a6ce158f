"""What travels where people sign in with others."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from auth_service.domain.federation import LinkedIdentity
from auth_service.domain.sessions import SessionKind

ReturnTo = Annotated[str, Meta(max_length=2048)]
RedirectTo = Annotated[str, Meta(max_length=512)]
Challenge = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{43}$", description="RFC 7636, S256: of the code_verifier")]
Verifier = Annotated[str, Meta(pattern="^[A-Za-z0-9._~-]{43,128}$", description="RFC 7636")]
Code = Annotated[str, Meta(max_length=128)]


class ProviderView(Struct, frozen=True):
    """`sign_in_path` is where a browser goes to sign in, with `return_to` if it shall come back to a certain page."""

    id: str
    label: str
    sign_in_path: str


class ProviderSignInQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """`return_to` is the path of a page here, below PUBLIC_URL."""

    return_to: ReturnTo = ""


class AppSignInRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`redirect_to` is one of AUTH_REDIRECT_URIS."""

    redirect_to: RedirectTo
    code_challenge: Challenge


class LinkRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """In a browser that has our cookie: `return_to`. In an app: the two others."""

    return_to: ReturnTo = ""
    redirect_to: RedirectTo | None = None
    code_challenge: Challenge | None = None


class AuthorizationView(Struct, frozen=True):
    """Where to send the person."""

    authorization_url: str


class RedeemRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`code` is what came to `redirect_to`; it is good for a minute, and once."""

    code: Code
    code_verifier: Verifier
    session: SessionKind = SessionKind.TOKEN


class LinkRedeemRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """As RedeemRequest, in the session that began."""

    code: Code
    code_verifier: Verifier


class LinkedIdentityView(Struct, frozen=True):
    """`email` is the provider's, as it was told last; null where it tells none."""

    id: UUID
    provider: str
    email: str | None
    linked_at: datetime
    last_used_at: datetime


def present_identity(identity: LinkedIdentity) -> LinkedIdentityView:
    return LinkedIdentityView(
        id=identity.identity_id,
        provider=identity.provider,
        email=identity.email,
        linked_at=identity.linked_at,
        last_used_at=identity.last_used_at,
    )
