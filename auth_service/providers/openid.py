"""A provider that speaks OpenID Connect: authorization code, PKCE, ID token."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from auth_service.domain.federation import ExternalIdentity
from auth_service.errors import ProviderDistrusted, ProviderRefused
from auth_service.providers.asking import Asking, Told
from auth_service.providers.declarations import Declaration
from auth_service.providers.discovery import Metadata, discover
from auth_service.providers.id_tokens import BadIdToken, Expected, read_claims, read_header
from auth_service.providers.key_sets import KeySet
from auth_service.providers.model import Answer, Question
from auth_service.providers.places import with_query
from auth_service.providers.remembered import Remembered
from shared.logs import log

_ABOUT_US = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"})


@dataclass(frozen=True, slots=True)
class _Known:
    metadata: Metadata
    keys: KeySet


class OpenIdProvider:
    def __init__(self, declaration: Declaration, asking: Asking) -> None:
        self._declaration = declaration
        self._asking = asking
        self._known = Remembered(self._discover)

    @property
    def id(self) -> str:
        return self._declaration.id

    @property
    def label(self) -> str:
        return self._declaration.label

    @property
    def issuer(self) -> str:
        return self._declaration.issuer

    @property
    def accepts_unverified_email(self) -> bool:
        return self._declaration.accept_unverified_email

    async def address(self, question: Question) -> str:
        endpoint = (await self._known.get()).metadata.authorization
        return with_query(
            endpoint,
            {
                **self._declaration.parameters,
                "response_type": "code",
                "client_id": self._declaration.client_id,
                "redirect_uri": question.redirect_uri,
                "scope": " ".join(self._declaration.scopes),
                "state": question.state,
                "nonce": question.nonce,
                "code_challenge": question.challenge,
                "code_challenge_method": "S256",
            },
        )

    async def identify(self, answer: Answer) -> ExternalIdentity:
        known = await self._known.get()
        self._check_issuer(answer.issuer, known.metadata)
        tokens = await self._exchange(answer, known.metadata)
        claims = await self._claims(tokens, answer.nonce, known)
        if "email" not in claims and known.metadata.userinfo:
            claims = {"sub": claims["sub"]} | await self._userinfo(known.metadata.userinfo, claims["sub"], tokens)
        return self._identity(claims)

    async def _discover(self) -> _Known:
        metadata = await discover(self._asking, self.issuer)
        return _Known(metadata, KeySet(self._asking, metadata.keys))

    def _check_issuer(self, told: str | None, metadata: Metadata) -> None:
        """Refuse an answer that another provider gave (RFC 9207): its code must not be sent to this one."""
        if told != self.issuer and (told is not None or metadata.tells_issuer):
            raise self._distrusted(f"the answer is from {told!r}")

    async def _exchange(self, answer: Answer, metadata: Metadata) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": answer.code,
            "redirect_uri": answer.redirect_uri,
            "code_verifier": answer.verifier,
        }
        headers, secret = {}, self._declaration.client_secret.reveal()
        if secret and not metadata.secret_in_body:
            headers = {"Authorization": _basic(self._declaration.client_id, secret)}
        else:
            form |= {"client_id": self._declaration.client_id} | ({"client_secret": secret} if secret else {})
        told = await self._asking.post(metadata.token, form, headers)
        if not told.ok:
            raise self._refused(told)
        return told.members

    def _refused(self, told: Told) -> Exception:
        """Tell a code that isn't good, as one that was used before, from a client that isn't."""
        error = told.members.get("error")
        if error in _ABOUT_US or not isinstance(error, str):
            return self._asking.unusable("token endpoint", f"status {told.status}, {error!r}")
        return ProviderRefused("It doesn't take its own answer for a good one any more.")

    async def _claims(self, tokens: Mapping[str, Any], nonce: str, known: _Known) -> Mapping[str, Any]:
        expected = Expected(self.issuer, self._declaration.client_id, nonce, str(tokens.get("access_token", "")))
        try:
            return await _verified(str(tokens.get("id_token", "")), known, expected)
        except BadIdToken as exc:
            raise self._distrusted(f"ID token: {exc}") from exc

    async def _userinfo(self, url: str, subject: str, tokens: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is told there about the address; nothing, if it is about somebody else (Core, 5.3.2)."""
        told = await self._asking.get(url, str(tokens.get("access_token", "")))
        if not told.ok:
            return {}
        if told.members.get("sub") != subject:
            raise self._distrusted("userinfo: it is about another subject")
        return {key: value for key, value in told.members.items() if key in ("email", "email_verified")}

    def _identity(self, claims: Mapping[str, Any]) -> ExternalIdentity:
        email, says = claims.get("email"), claims.get("email_verified")
        verified = says is True or says == "true" or self._declaration.email_always_verified  # a few say it as a text
        known = email if isinstance(email, str) and email else None
        return ExternalIdentity(self.id, self.issuer, claims["sub"], known, known is not None and verified)

    def _distrusted(self, why: str) -> ProviderDistrusted:
        log.warning("provider_distrusted", **{"colonnade.provider": self.id, "event.reason": why})
        return ProviderDistrusted()


async def _verified(token: str, known: _Known, expected: Expected) -> Mapping[str, Any]:
    """Return an ID token's claims. Raises BadIdToken, Unavailable."""
    algorithm, key_id = read_header(token, known.metadata.algorithms)
    key = await known.keys.find(algorithm, key_id)
    if key is None:
        raise BadIdToken(f"its key {key_id!r} isn't among the provider's")
    return read_claims(token, key, expected)


def _basic(client_id: str, secret: str) -> str:
    """Return the client's credentials, each form-encoded first (RFC 6749, 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
