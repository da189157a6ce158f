"""GitHub, which speaks OAuth 2.0 and no OpenID Connect: who somebody is has to be asked of its API."""

from collections.abc import Mapping
from typing import Any

from auth_service.domain.federation import ExternalIdentity
from auth_service.errors import ProviderDistrusted, ProviderRefused
from auth_service.providers.asking import Asking
from auth_service.providers.declarations import Declaration
from auth_service.providers.model import Answer, Question
from auth_service.providers.places import with_query

_NOT_GOOD = "bad_verification_code"  # all that GitHub says of a code that is unknown, expired, or used before


class GitHubProvider:
    """It has no nonce and no ID token: PKCE alone binds its answer to the sign-in, beside the state."""

    def __init__(self, declaration: Declaration, asking: Asking) -> None:
        self._declaration = declaration
        self._places = declaration.github
        self._asking = asking

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
        return with_query(
            self._places.authorization_endpoint,
            {
                **self._declaration.parameters,
                "client_id": self._declaration.client_id,
                "redirect_uri": question.redirect_uri,
                "scope": " ".join(self._declaration.scopes),
                "state": question.state,
                "code_challenge": question.challenge,
                "code_challenge_method": "S256",
            },
        )

    async def identify(self, answer: Answer) -> ExternalIdentity:
        if answer.issuer not in (None, self.issuer):
            raise ProviderDistrusted
        token = await self._exchange(answer)
        user = await self._api("/user", token)
        number = user.get("id") if isinstance(user, dict) else None
        if not isinstance(number, int) or isinstance(number, bool) or number <= 0:
            raise self._asking.unusable("user", "it has no id")
        email, verified = _primary(await self._api("/user/emails", token))
        return ExternalIdentity(self.id, self.issuer, str(number), email, verified)

    async def _exchange(self, answer: Answer) -> str:
        """Return the access token. GitHub answers 200 to failures too."""
        form = {
            "client_id": self._declaration.client_id,
            "client_secret": self._declaration.client_secret.reveal(),
            "code": answer.code,
            "redirect_uri": answer.redirect_uri,
            "code_verifier": answer.verifier,
        }
        told = await self._asking.post(self._places.token_endpoint, form, {})
        token, error = told.members.get("access_token"), told.members.get("error")
        if error == _NOT_GOOD:
            raise ProviderRefused("It doesn't take its own answer for a good one any more.")
        if not told.ok or not isinstance(token, str) or not token.isprintable() or not token:
            raise self._asking.unusable("token endpoint", f"status {told.status}, {error!r}")
        return token

    async def _api(self, path: str, token: str) -> Any:
        told = await self._asking.get(self._places.api_url.rstrip("/") + path, token)
        if not told.ok:
            raise self._asking.unusable(path, f"status {told.status}")
        return told.content


def _primary(emails: object) -> tuple[str | None, bool]:
    """Return the primary address, and whether it is verified."""
    for each in emails if isinstance(emails, list) else []:
        if isinstance(each, Mapping) and each.get("primary") is True and isinstance(each.get("email"), str):
            return each["email"], each.get("verified") is True
    return None, False
