"""A request's credentials against its route's policy, with a cache of tokens verified before."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from prometheus_client import Counter

from gateway.authentication.errors import InsufficientScope, InvalidToken, missing_token
from gateway.authentication.keys import KeySet
from gateway.authentication.principal import Principal
from gateway.authentication.revocation import Revocations
from gateway.authentication.tokens import TokenVerifier, bearer_token
from shared.errors import Unavailable

CACHE_SIZE = 50_000
_LOOK_UPS = Counter("gateway_token_cache_lookups_total", "Access tokens looked up in the cache.", ("result",))
_HITS, _MISSES = _LOOK_UPS.labels("hit"), _LOOK_UPS.labels("miss")

_PLAIN = frozenset(("public", "optional", "user"))  # any other policy asks for a grant: role:x, scope:x


class Confirming(Protocol):
    """Is told of every generation of a session's tokens that is seen."""

    def note(self, session_id: str, generation: int) -> None: ...


class Authenticator:
    """Expiry, revocation and the signing key are checked on every hit; a token that failed is never remembered."""

    def __init__(
        self, keys: KeySet, verifier: TokenVerifier, revocations: Revocations, confirmations: Confirming
    ) -> None:
        self._keys = keys
        self._verifier = verifier
        self._revocations = revocations
        self._confirmations = confirmations
        self._verified: dict[str, Principal] = {}
        self._clock: Callable[[], float] = time.time

    def recall(self, policy: str, authorization: str) -> Principal | None:
        """Return who asks if that was found out before and still holds; None leaves everything open."""
        principal = self._verified.get(authorization[7:])
        if principal is None or authorization[:7] != "Bearer " or not self._is_good(principal):
            return None
        if not self._revocations.is_known or (policy not in _PLAIN and not principal.has(policy)):
            return None
        _HITS.inc()
        return principal

    async def authenticate(self, policy: str, authorization: Sequence[str]) -> Principal | None:
        """Return who asks, or none for anonymous, by the route's policy and all Authorization headers.

        Raises Unauthenticated, InvalidToken, InsufficientScope, or Unavailable as long as keys or revocations aren't
        known.
        """
        return await self._authenticate(policy, authorization, self._principal)

    async def examine(self, policy: str, authorization: Sequence[str]) -> Principal | None:
        """Return or raise the same without a trace: nothing is remembered, counted, fetched, or reported as seen."""
        return await self._authenticate(policy, authorization, self._examined)

    async def _authenticate(
        self, policy: str, authorization: Sequence[str], verified: Callable[[str], Awaitable[Principal]]
    ) -> Principal | None:
        if policy == "public":
            return None
        token = bearer_token(authorization)
        if token is None:
            if policy == "optional":
                return None
            raise missing_token()
        if not self._revocations.is_known:
            raise Unavailable("Sessions can't be checked yet.")
        principal = await verified(token)
        if policy not in _PLAIN and not principal.has(policy):
            raise InsufficientScope(policy)
        return principal

    async def _principal(self, token: str) -> Principal:
        principal = self._verified.get(token)
        if principal is None:
            _MISSES.inc()
            principal = await self._verifier.verify(token)
            self._remember(token, principal)
        else:
            _HITS.inc()
        if not self._is_good(principal):
            self._verified.pop(token, None)
            raise InvalidToken(self._flaw(principal))
        return principal

    async def _examined(self, token: str) -> Principal:
        principal = self._verified.get(token) or await self._verifier.verify(token, search=False)
        if not self._is_good(principal):
            raise InvalidToken(self._flaw(principal))
        return principal

    def _is_good(self, principal: Principal) -> bool:
        return (
            principal.expires_at > self._clock()
            and principal.session_id not in self._revocations
            and principal.key_id in self._keys
        )

    def _flaw(self, principal: Principal) -> str:
        if principal.expires_at <= self._clock():
            return "it has expired"
        return "its session is revoked" if principal.session_id in self._revocations else "its key was withdrawn"

    def _remember(self, token: str, principal: Principal) -> None:
        verified, now = self._verified, self._clock()
        while verified:
            oldest, known = next(iter(verified.items()))
            if len(verified) < CACHE_SIZE and known.expires_at > now:
                break
            del verified[oldest]
        verified[token] = principal
        self._confirmations.note(principal.session_id, principal.generation)
