"""A request's credentials against its route's policy, with a cache of those verified before.

Authorization decides alone wherever it is given. The cookie counts only beside none: a browser adds it unasked.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import Counter

from gateway.authentication.errors import InvalidSession, InvalidToken, missing_token
from gateway.authentication.keys import KeySet
from gateway.authentication.principal import Credential, Principal
from gateway.authentication.revocation import Revocations
from gateway.authentication.tokens import TokenVerifier, bearer_token
from gateway.authentication.verified import VerifiedCredentials
from shared.credentials import API_KEY_LABEL, is_api_key, session_in_cookie
from shared.errors import Unavailable

_LOOK_UPS = Counter("gateway_token_cache_lookups_total", "Credentials looked up in the cache.", ("result",))
_HITS, _MISSES = _LOOK_UPS.labels("hit"), _LOOK_UPS.labels("miss")
_SCHEME = "Bearer "


class Confirming(Protocol):
    """Is told of every generation of a session's tokens that is seen."""

    def note(self, session_id: str, generation: int) -> None: ...


class Asking(Protocol):
    """Asks whom a credential stands for that isn't signed."""

    async def verify(self, kind: Credential, text: str) -> Principal | None: ...


class Noting(Protocol):
    """Is told of every use of a credential that isn't signed."""

    def note(self, principal: Principal) -> None: ...


@dataclass(frozen=True, slots=True)
class Verifiers:
    """Who can say whom a credential stands for that isn't known yet."""

    keys: KeySet
    tokens: TokenVerifier
    opaque: Asking


@dataclass(frozen=True, slots=True)
class Reports:
    """Who is told of credentials that were seen."""

    confirmations: Confirming
    uses: Noting


def _no_cookie() -> None:
    return None


class Authenticator:
    """Expiry, revocation and the signing key are checked on every hit; what failed is never remembered."""

    def __init__(self, verifiers: Verifiers, revocations: Revocations, reports: Reports) -> None:
        self._keys = verifiers.keys
        self._tokens = verifiers.tokens
        self._opaque = verifiers.opaque
        self._revocations = revocations
        self._reports = reports
        self._bearers, self._cookies = VerifiedCredentials(), VerifiedCredentials()
        self._verified = self._bearers.by_text
        self._losses = 0  # how often it couldn't be known any more what had been revoked
        self._clock: Callable[[], float] = time.time
        revocations.subscribe(self._forget, self._forget_unsigned)

    async def authenticate(
        self, policy: str, authorization: Sequence[str], cookie: Callable[[], str | None] = _no_cookie
    ) -> Principal | None:
        """Return who asks, or none for anonymous, by the route's policy and all Authorization headers.

        `cookie` reads the session's, and is called only where that counts. Raises what it raises, Unauthenticated,
        InvalidToken, InvalidSession, InsufficientScope, SessionRequired, or Unavailable as long as keys, revocations
        or the credential aren't known.
        """
        if policy == "public":
            return None
        token = bearer_token(authorization)
        session = cookie() if token is None else None
        if token is None and session is None:
            if policy == "optional":
                return None
            raise missing_token()
        if not self._revocations.is_known:
            raise Unavailable("Sessions can't be checked yet.")
        principal = await self._bearer(token) if token is not None else await self._browser(session or "")
        if not principal.satisfies(policy):
            raise principal.refusal(policy)
        return principal

    def recall(self, policy: str, authorization: str) -> Principal | None:
        """Return whom a header's whole value stands for if that is known already and good enough for the policy.

        Never waits, never raises: wherever it returns none, `authenticate` is the one to decide.
        """
        if policy == "public" or not self._revocations.is_known or not authorization.startswith(_SCHEME):
            return None
        principal = self._verified.get(authorization[len(_SCHEME) :])
        if principal is None or not self._is_good(principal) or not principal.satisfies(policy):
            return None
        self._note_hit(principal)
        return principal

    async def _bearer(self, text: str) -> Principal:
        principal = self._known(self._bearers, text)
        if principal is None:
            principal = await (self._api_key(text) if text.startswith(API_KEY_LABEL) else self._token(text))
        if principal is None:
            raise InvalidToken
        return principal

    async def _browser(self, text: str) -> Principal:
        principal = self._known(self._cookies, text)
        if principal is None:
            session_id = session_in_cookie(text)
            if session_id is not None and str(session_id) not in self._revocations:
                principal = await self._ask(self._cookies, Credential.BROWSER_SESSION, text)
        if principal is None:
            raise InvalidSession
        return principal

    async def _token(self, text: str) -> Principal | None:
        principal = await self._tokens.verify(text)
        if not self._is_good(principal):
            return None
        self._bearers.remember(text, principal, self._clock())
        self._reports.confirmations.note(principal.session_id, principal.generation)
        return principal

    async def _api_key(self, text: str) -> Principal | None:
        return await self._ask(self._bearers, Credential.API_KEY, text) if is_api_key(text) else None

    def _known(self, cache: VerifiedCredentials, text: str) -> Principal | None:
        principal = cache.by_text.get(text)
        if principal is None:
            _MISSES.inc()
        elif self._is_good(principal):
            self._note_hit(principal)
            return principal
        else:
            cache.forget(text)
        return None

    async def _ask(self, cache: VerifiedCredentials, kind: Credential, text: str) -> Principal | None:
        losses = self._losses
        principal = await self._opaque.verify(kind, text)
        if principal is None or not self._is_good(principal):  # its revocation may have overtaken the answer
            return None
        if losses == self._losses:
            cache.remember(text, principal, self._clock())
        self._reports.uses.note(principal)
        return principal

    def _note_hit(self, principal: Principal) -> None:
        _HITS.inc()
        if principal.kind is not Credential.ACCESS_TOKEN:
            self._reports.uses.note(principal)

    def _is_good(self, principal: Principal) -> bool:
        return (
            principal.expires_at > self._clock()
            and principal.credential_id not in self._revocations
            and (principal.key_id in self._keys or principal.kind is not Credential.ACCESS_TOKEN)
        )

    def _forget(self, credential_id: str) -> None:
        self._bearers.forget_credential(credential_id)
        self._cookies.forget_credential(credential_id)

    def _forget_unsigned(self) -> None:
        """Have auth_service asked again about all that lives until it is revoked: a revocation may have been missed."""
        self._losses += 1
        self._bearers.forget_unsigned()
        self._cookies.forget_unsigned()
