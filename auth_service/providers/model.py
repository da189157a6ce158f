"""What all providers have in common, whatever they speak."""

from dataclasses import dataclass
from typing import Protocol

from auth_service.domain.federation import ExternalIdentity


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is sent to a provider with. `challenge` is the verifier's (RFC 7636, S256)."""

    redirect_uri: str
    state: str
    nonce: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person came back with, and what was kept here meanwhile. `issuer` is RFC 9207's `iss`, if it came."""

    code: str
    issuer: str | None
    redirect_uri: str
    nonce: str
    verifier: str


class Provider(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def issuer(self) -> str: ...

    @property
    def accepts_unverified_email(self) -> bool: ...

    async def address(self, question: Question) -> str:
        """Return where to send the person. Raises Unavailable."""
        ...

    async def identify(self, answer: Answer) -> ExternalIdentity:
        """Return who it was. Raises ProviderRefused, ProviderDistrusted, Unavailable."""
        ...
