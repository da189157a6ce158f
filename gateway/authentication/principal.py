"""Whom a verified access token stands for."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Assertion:
    """What one service is told; `renew_at` is in seconds since 1970."""

    header: tuple[bytes, bytes]
    renew_at: float


@dataclass(frozen=True, slots=True)
class Principal:
    """`expires_at` is in seconds since 1970, `key_id` names the key that signed.

    `assertions`, by audience, live and die with the credential: no two credentials share one.
    """

    user_id: str
    session_id: str
    generation: int
    scopes: tuple[str, ...]
    amr: tuple[str, ...]
    expires_at: float
    key_id: str
    roles: tuple[str, ...] = ()
    assertions: dict[str, Assertion] = field(default_factory=dict, compare=False, repr=False)

    def has(self, grant: str) -> bool:
        """Whether the credential has what a policy asks for: `role:x` or `scope:x`."""
        kind, _, name = grant.partition(":")
        return name in (self.scopes if kind == "scope" else self.roles)
