"""Whom a verified credential stands for."""

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.authentication.errors import InsufficientScope
from shared.errors import AppError, SessionRequired

FULL_SCOPE = "full"  # whoever has it may do all that the person may: every scope is part of it
TWO_FACTORS = "aal2"  # an `acr`
_ANYBODY = frozenset(("public", "optional", "user"))


class Credential(StrEnum):
    ACCESS_TOKEN = "access_token"  # noqa: S105  a kind, not a secret
    BROWSER_SESSION = "browser_session"
    API_KEY = "api_key"


@dataclass(frozen=True, slots=True)
class Assertion:
    """What one service is told; `renew_at` is in seconds since 1970."""

    header: tuple[bytes, bytes]
    renew_at: float


@dataclass(frozen=True, slots=True)
class Principal:
    """`credential_id` is the session's or the API key's, and what a revocation names. `expires_at` is in seconds since
    1970, as `auth_time`, when its owner last proved to be that; `acr` says how well (RFC 9470). `key_id` names the key
    that signed, and is empty for what isn't signed.

    `assertions`, by audience, live and die with the credential: no two credentials share one.
    """

    user_id: str
    credential_id: str
    generation: int
    scopes: tuple[str, ...]
    amr: tuple[str, ...]
    expires_at: float
    key_id: str
    roles: tuple[str, ...] = ()
    acr: str = ""
    auth_time: int = 0
    kind: Credential = Credential.ACCESS_TOKEN
    assertions: dict[str, Assertion] = field(default_factory=dict, compare=False, repr=False)

    @property
    def session_id(self) -> str:
        return "" if self.kind is Credential.API_KEY else self.credential_id

    @property
    def api_key_id(self) -> str:
        return self.credential_id if self.kind is Credential.API_KEY else ""

    def satisfies(self, policy: str) -> bool:
        """Whether the credential has what a route asks for: nothing more, a session, `role:x` or `scope:x`."""
        if policy in _ANYBODY:
            return True
        if policy == "session":
            return self.kind is not Credential.API_KEY
        grant, _, name = policy.partition(":")
        if grant == "scope":
            return name in self.scopes or FULL_SCOPE in self.scopes
        return name in self.roles

    def has_proved(self, acr: str, max_age: int, now: float) -> bool:
        """Whether it was proved as well as `acr` and within `max_age` seconds, 0 for any age; no API key ever was."""
        if acr != TWO_FACTORS and not max_age:
            return True
        well = acr != TWO_FACTORS or self.acr == TWO_FACTORS
        lately = not max_age or now - self.auth_time <= max_age
        return well and lately and self.kind is not Credential.API_KEY

    def refusal(self, policy: str) -> AppError:
        """Return what to raise where the policy isn't satisfied."""
        return SessionRequired() if policy == "session" else InsufficientScope(policy)
