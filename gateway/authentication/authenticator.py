"""A request's credentials against its route's policy, with a cache of those verified before.

Authorization decides alone wherever it is given. The cookie counts only beside none: a browser adds it unasked.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.authentication.errors import missing_token
from gateway.authentication.keys import KeySet
from gateway.authentication.opaque import OpaqueCredentials, refusal
from gateway.authentication.principal import TWO_FACTORS, Credential, Principal
from gateway.authentication.revocation import Revocations
from gateway.authentication.tokens import TokenVerifier, bearer_token
from gateway.authentication.verified import VerifiedCredentials
from shared.credentials import API_KEY_LABEL
from shared.errors import InsufficientUserAuthentication, SessionRequired, Unavailable
from shared.loop_metrics import LoopCounter

_LOOK_UPS = LoopCounter("gateway_token_cache_lookups", "Credentials looked up in the cache.", ("result",))
_HITS, _MISSES = _LOOK_UPS.labels("hit"), _LOOK_UPS.labels("miss")

Cookie = Callable[[], str | None]  # reads the session's
_Verified = Callable[[Credential, str], Awaitable[Principal]]


class Confirming(Protocol):
    """Is told of every generation of a session's tokens that is seen."""

    def note(self, session_id: str, generation: int) -> None: ...


class Noting(Protocol):
    """Is told of every use of a credential that isn't signed."""

    def note(self, principal: Principal) -> None: ...


@dataclass(frozen=True, slots=True)
class Verifiers:
    """Who can say whom a credential stands for that isn't known yet."""

    keys: KeySet
    tokens: TokenVerifier
    opaque: OpaqueCredentials


@dataclass(frozen=True, slots=True)
class Reports:
    """Who is told of credentials that were seen."""

    confirmations: Confirming
    uses: Noting


def no_cookie() -> None:
    return None


class Authenticator:
    """Expiry, revocation and the signing key are checked on every hit; what failed is never remembered."""

    def __init__(self, verifiers: Verifiers, revocations: Revocations, reports: Reports) -> None:
        self._keys = verifiers.keys
        self._verifiers = verifiers
        self._revocations = revocations
        self._reports = reports
        self._bearers, self._cookies = VerifiedCredentials(), VerifiedCredentials()
        self._verified = self._bearers.by_text
        self._doubts = 0  # how often answers that are on their way may have been overtaken
        self._clock: Callable[[], float] = time.time
        revocations.subscribe(self._forget, self._forget_unsigned, self._forget_changed)

    async def authenticate(
        self, policy: str, authorization: Sequence[str], cookie: Cookie = no_cookie
    ) -> Principal | None:
        """Return who asks, or none for anonymous, by the route's policy and all Authorization headers.

        `cookie` is called only where it counts. Raises what it raises, Unauthenticated, InvalidToken, InvalidSession,
        InsufficientScope, SessionRequired, or Unavailable as long as keys, revocations or the credential aren't known.
        """
        return await self._decide(policy, authorization, cookie, self._principal)

    async def examine(self, policy: str, authorization: Sequence[str], cookie: Cookie = no_cookie) -> Principal | None:
        """Return or raise the same without a trace: nothing is remembered, counted, or reported as seen.

        auth_service is asked for no signing key, but about a cookie or an API key that isn't known.
        """
        return await self._decide(policy, authorization, cookie, self._examined)

    def recall(self, policy: str, text: str) -> Principal | None:
        """Return whom a bearer credential stands for if that is known already and good enough for the policy.

        Never waits, never raises: wherever it returns none, `authenticate` is the one to decide.
        """
        principal = self._verified.get(text)
        if principal is None or policy == "public" or not self._revocations.is_known:
            return None
        if not self._is_good(principal) or not principal.satisfies(policy):
            return None
        self._note_hit(principal)
        return principal

    def has_proved(self, principal: Principal | None, acr: str, max_age: int) -> bool:
        """Whether whoever asks has proved to be that as well and as lately as the route wants."""
        return principal is None or principal.has_proved(acr, max_age, self._clock())

    def check_proof(self, principal: Principal | None, acr: str, max_age: int) -> None:
        """Raises InsufficientUserAuthentication where it must be proved anew, SessionRequired where it can't be."""
        if principal is None or self.has_proved(principal, acr, max_age):
            return
        if principal.kind is Credential.API_KEY:
            raise SessionRequired
        raise InsufficientUserAuthentication(acr if acr == TWO_FACTORS else "", max_age)

    async def _decide(
        self, policy: str, authorization: Sequence[str], cookie: Cookie, verified: _Verified
    ) -> Principal | None:
        if policy == "public":
            return None
        text, kind = bearer_token(authorization), Credential.ACCESS_TOKEN
        if text is None:
            text, kind = cookie(), Credential.BROWSER_SESSION
        elif text.startswith(API_KEY_LABEL):
            kind = Credential.API_KEY
        if text is None:
            if policy == "optional":
                return None
            raise missing_token()
        if not self._revocations.is_known:
            raise Unavailable("Sessions can't be checked yet.")
        principal = await verified(kind, text)
        if not principal.satisfies(policy):
            raise principal.refusal(policy)
        return principal

    async def _principal(self, kind: Credential, text: str) -> Principal:
        cache = self._cache(kind)
        principal = cache.by_text.get(text)
        if principal is not None and self._is_good(principal):
            self._note_hit(principal)
            return principal
        cache.forget(text)
        _MISSES.inc()
        doubts = self._doubts
        principal = self._checked(kind, await self._verify(kind, text))
        if doubts == self._doubts or kind is Credential.ACCESS_TOKEN:
            cache.remember(text, principal, self._clock())
        self._report(principal)
        return principal

    async def _examined(self, kind: Credential, text: str) -> Principal:
        principal = self._cache(kind).by_text.get(text)
        if principal is None or not self._is_good(principal):
            principal = await self._verify(kind, text, search=False)
        return self._checked(kind, principal)

    async def _verify(self, kind: Credential, text: str, *, search: bool = True) -> Principal:
        if kind is Credential.ACCESS_TOKEN:
            return await self._verifiers.tokens.verify(text, search=search)
        return await self._verifiers.opaque.verify(kind, text)

    def _checked(self, kind: Credential, principal: Principal) -> Principal:
        """Its revocation may have overtaken the answer by which it was good."""
        if not self._is_good(principal):
            raise refusal(kind, self._flaw(principal))
        return principal

    def _is_good(self, principal: Principal) -> bool:
        return (
            principal.expires_at > self._clock()
            and principal.credential_id not in self._revocations
            and (principal.kind is not Credential.ACCESS_TOKEN or self._may_sign(principal.key_id))
        )

    def _may_sign(self, key_id: str) -> bool:
        """A withdrawn key is told of before it is gone from the key set."""
        return key_id in self._keys and key_id not in self._revocations

    def _flaw(self, principal: Principal) -> str:
        if principal.expires_at <= self._clock():
            return "it has expired"
        if principal.credential_id not in self._revocations:
            return "its key was withdrawn"
        return "it is revoked" if principal.kind is Credential.API_KEY else "its session is revoked"

    def _cache(self, kind: Credential) -> VerifiedCredentials:
        return self._cookies if kind is Credential.BROWSER_SESSION else self._bearers

    def _note_hit(self, principal: Principal) -> None:
        _HITS.inc()
        if principal.kind is not Credential.ACCESS_TOKEN:
            self._reports.uses.note(principal)

    def _report(self, principal: Principal) -> None:
        if principal.kind is Credential.ACCESS_TOKEN:
            self._reports.confirmations.note(principal.session_id, principal.generation)
        else:
            self._reports.uses.note(principal)

    def _forget(self, credential_id: str) -> None:
        self._bearers.forget_credential(credential_id)
        self._cookies.forget_credential(credential_id)

    def _forget_unsigned(self) -> None:
        """Have auth_service asked again about all that lives until it is revoked: a revocation may have been missed."""
        self._doubts += 1
        self._bearers.forget_unsigned()
        self._cookies.forget_unsigned()

    def _forget_changed(self, credential_id: str) -> None:
        """Have auth_service asked again whom it stands for, as that has changed."""
        self._doubts += 1
        self._forget(credential_id)
