"""What services are told about a request's author, signed by the gateway and cached per credential and audience."""

import time
from collections.abc import Callable

from gateway.authentication.principal import Assertion, Principal
from shared.identity import ANONYMOUS, HEADER, MAX_TTL, Identity, Kind, Signer

_RENEW_BEFORE = 10.0  # seconds that an assertion has left, at least, when it is sent
_HEADER = HEADER.encode()


class Assertions:
    def __init__(self, signer: Signer, clock: Callable[[], float] = time.time) -> None:
        self._signer = signer
        self._clock = clock
        self._anonymous: dict[str, Assertion] = {}

    def header(self, principal: Principal | None, audience: str) -> tuple[bytes, bytes]:
        """Return the X-Identity header that tells `audience` who asks; none is anonymous."""
        cache = self._anonymous if principal is None else principal.assertions
        assertion = cache.get(audience)
        now = self._clock()
        if assertion is None or not now < assertion.renew_at <= now + MAX_TTL:  # clocks are set back, too
            assertion = cache[audience] = self._sign(principal, audience, now)
        return assertion.header

    def _sign(self, principal: Principal | None, audience: str, now: float) -> Assertion:
        ttl = MAX_TTL if principal is None else min(MAX_TTL, principal.expires_at - now)
        token = self._signer.sign(_identity(principal), audience, ttl)
        return Assertion((_HEADER, token.encode()), now + ttl - _RENEW_BEFORE)


def _identity(principal: Principal | None) -> Identity:
    if principal is None:
        return ANONYMOUS
    return Identity(
        kind=Kind.USER,
        subject=principal.user_id,
        session_id=principal.session_id,
        scopes=principal.scopes,
        amr=principal.amr,
        api_key_id=principal.api_key_id,
        roles=principal.roles,
        acr=principal.acr,
        auth_time=principal.auth_time,
    )
