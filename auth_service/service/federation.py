"""Signing in with others: a person is sent to a provider, comes back, and goes on where they began."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hmac import compare_digest

from auth_service.domain.accounts import Proof
from auth_service.domain.devices import Device
from auth_service.domain.federation import FEDERATED, AppReturn, ExternalIdentity, Flow, Handover, Linker
from auth_service.errors import (
    InvalidCredentials,
    InvalidSignInCode,
    InvalidSignInFlow,
    ProviderRefused,
    SecondFactorRequired,
)
from auth_service.metrics import FEDERATED_FLOWS
from auth_service.pkce import challenge_of, new_verifier
from auth_service.providers.model import Answer, Provider, Question
from auth_service.providers.places import with_query
from auth_service.repository.identities import IdentityRepository
from auth_service.service.entrance import Admission, Entrance, Visitor
from auth_service.service.flows import FlowKeeping, new_token
from auth_service.service.identities import IdentityKeeping
from auth_service.service.recognising import Recognising
from auth_service.service.sign_in_codes import SignInCodes
from shared.db import Connection
from shared.errors import AppError, NotFound, Unavailable
from shared.opaque_tokens import digest, is_sound, mint

_BROWSER = "b_"
_RETRY_SECONDS = 5
_PATIENCE = 20.0  # seconds for all that is asked of a provider for one sign-in


@dataclass(frozen=True, slots=True)
class Wish:
    """How it shall end: in this browser at `return_to`, or in an `app`; with a `linker`, by linking."""

    return_to: str = ""
    app: AppReturn | None = None
    linker: Linker | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the person, and the secret that their browser has to keep; empty where an app begins."""

    url: str
    browser: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What somebody came back with from a provider, `browser` being what their browser kept. Empty: it isn't there."""

    state: str
    code: str
    error: str
    issuer: str | None
    browser: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where the browser goes next. `admission` is there if a session of its own began.

    `owed` is there if one doesn't begin before a second factor is shown, or added; `location` is where it goes then.
    """

    location: str
    admission: Admission | None = None
    owed: SecondFactorRequired | None = None


@dataclass(frozen=True, slots=True)
class Federation:
    providers: Mapping[str, Provider]
    flows: FlowKeeping
    codes: SignInCodes
    recognising: Recognising
    identities: IdentityKeeping
    entrance: Entrance
    public_url: str

    async def depart(self, name: str, wish: Wish, browser: str = "") -> Departure:
        """Begin. A sound secret that the `browser` has goes on, for its other tabs. Raises NotFound, Unavailable."""
        provider = self._provider(name)
        secret = "" if wish.app else browser if is_sound(browser, _BROWSER) else mint(_BROWSER)
        state, nonce, verifier = new_token(Flow), new_verifier(), new_verifier()
        async with _bounded():
            url = await provider.address(Question(self._callback(name), state, nonce, challenge_of(verifier)))
        flow = Flow(name, nonce, verifier, digest(secret), wish.return_to, wish.app, wish.linker)
        await self.flows.keep(state, flow)
        return Departure(url, secret)

    async def arrive(self, name: str, returned: Returned, visitor: Visitor) -> Arrival:
        """Go on with what began. Raises NotFound or InvalidSignInFlow.

        Where it ends in a browser, also ProviderRefused, ProviderDistrusted, Unavailable, and all that signing in and
        linking may; an app is told of those by `error` in its address.
        """
        provider = self._provider(name)
        flow = await self._flow(name, returned)
        try:
            return await self._finish(provider, flow, returned, visitor)
        except AppError as exc:
            FEDERATED_FLOWS.labels(name, exc.code).inc()
            if flow.app is None:
                raise
            return Arrival(with_query(flow.app.redirect_uri, {"error": exc.code}))

    async def _flow(self, name: str, returned: Returned) -> Flow:
        """Return the flow, which is spent by that, whoever shows it. Raises InvalidSignInFlow."""
        flow = await self.flows.take(returned.state, Flow)
        if flow is None or flow.provider != name:
            raise InvalidSignInFlow
        secret = "" if flow.app else returned.browser
        if not compare_digest(flow.browser_hash, digest(secret)):
            raise InvalidSignInFlow("It began in another browser.")
        return flow

    async def _finish(self, provider: Provider, flow: Flow, returned: Returned, visitor: Visitor) -> Arrival:
        identity = await self._identity(provider, flow, returned)
        if flow.app is not None:
            code = new_token(Handover)
            await self.flows.keep(code, Handover(identity, flow.app.challenge, flow.linker))
            FEDERATED_FLOWS.labels(provider.id, "handed_over").inc()
            return Arrival(with_query(flow.app.redirect_uri, {"code": code}))
        if flow.linker is not None:
            await self.identities.link(identity, flow.linker, visitor.device)
            FEDERATED_FLOWS.labels(provider.id, "linked").inc()
            return Arrival(flow.return_to)
        try:
            return Arrival(flow.return_to, await self._admit(identity, visitor))
        except SecondFactorRequired as owed:
            FEDERATED_FLOWS.labels(provider.id, owed.code).inc()
            return Arrival(flow.return_to, owed=owed)

    async def _identity(self, provider: Provider, flow: Flow, returned: Returned) -> ExternalIdentity:
        if returned.error or not returned.code:
            raise ProviderRefused(f"It says: {returned.error or 'nothing'}.")
        answer = Answer(returned.code, returned.issuer, self._callback(provider.id), flow.nonce, flow.verifier)
        async with _bounded():
            return await provider.identify(answer)

    async def redeem(self, code: str, verifier: str, visitor: Visitor) -> Admission:
        """Begin the session of an app that fetches it. Raises InvalidSignInCode, and all that signing in may."""
        handover = await self.codes.spend(code, verifier, visitor.device)
        if handover.linker is not None:
            raise InvalidSignInCode
        return await self._admit(handover.identity, visitor, digest(code))

    async def redeem_link(self, code: str, verifier: str, linker: Linker, device: Device) -> None:
        """Link what was proved for an app, in the session that began. Raises InvalidSignInCode, and as linking does."""
        handover = await self.codes.spend(code, verifier, device)
        if handover.linker != linker:
            raise InvalidSignInCode
        await self.identities.link(handover.identity, linker, device)
        FEDERATED_FLOWS.labels(handover.identity.provider, "linked").inc()

    async def _admit(self, identity: ExternalIdentity, visitor: Visitor, code_hash: bytes | None = None) -> Admission:
        provider = self._provider(identity.provider)
        unverified = provider.accepts_unverified_email
        account = await self.recognising.account_of(identity, visitor, unverified=unverified)

        async def still(connection: Connection) -> None:
            if not await IdentityRepository(connection).opens(identity, account.user_id):
                raise InvalidCredentials

        admission = await self.entrance.admit(Proof(account, (FEDERATED,), provider.id, code_hash), visitor, still)
        FEDERATED_FLOWS.labels(provider.id, "signed_in").inc()
        return admission

    def _provider(self, name: str) -> Provider:
        provider = self.providers.get(name)
        if provider is None:
            raise NotFound("There is no such provider.")
        return provider

    def _callback(self, name: str) -> str:
        return f"{self.public_url}/account/sign-in/with/{name}/callback"


@asynccontextmanager
async def _bounded() -> AsyncIterator[None]:
    """Bound what is asked of a provider. Raises Unavailable."""
    try:
        async with asyncio.timeout(_PATIENCE):
            yield
    except TimeoutError as exc:
        raise Unavailable("The provider takes too long.", retry_after=_RETRY_SECONDS) from exc
