"""An authenticator, and all that it rests on, in front of a small server that stands for auth_service."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.authentication.authenticator import Authenticator, Reports, Verifiers
from gateway.authentication.confirmations import Confirmations
from gateway.authentication.keys import KeySet
from gateway.authentication.opaque import OpaqueCredentials
from gateway.authentication.principal import Principal
from gateway.authentication.revocation import Revocations
from gateway.authentication.tokens import TokenVerifier
from gateway.authentication.uses import Uses
from shared.errors import Unavailable
from shared.lifecycle import background
from tests.unit.gateway.authentication.auth_feed import AuthFeed, auth_feed, until
from tests.unit.gateway.authentication.issuing import ISSUER, Issuer


class World:
    """An authenticator and what it rests on."""

    def __init__(self, issuer: Issuer, feed: AuthFeed) -> None:
        self.issuer = issuer
        self.feed = feed
        self.jwks: bytes | None = issuer.jwks()
        self.keys = KeySet(self._fetch)
        self.revocations: Revocations
        self.uses: Uses
        self.authenticator: Authenticator

    async def _fetch(self) -> bytes:
        if self.jwks is None:
            raise Unavailable
        return self.jwks


@asynccontextmanager
async def world(*, ready: bool = True) -> AsyncIterator[World]:
    async with auth_feed() as (feed, client):
        it = World(Issuer(), feed)
        it.revocations, it.uses = Revocations(client), Uses(client)
        verifiers = Verifiers(it.keys, TokenVerifier(it.keys, ISSUER), OpaqueCredentials(client, it.revocations))
        it.authenticator = Authenticator(verifiers, it.revocations, Reports(Confirmations(client), it.uses))
        if not ready:
            yield it
            return
        await it.keys.refresh()
        async with background("revocations", it.revocations.follow):
            await until(lambda: it.revocations.is_known)
            yield it


async def by_key(it: World, key: str, policy: str = "user") -> Principal | None:
    return await it.authenticator.authenticate(policy, [f"Bearer {key}"])


async def by_cookie(it: World, cookie: str, policy: str = "user") -> Principal | None:
    return await it.authenticator.authenticate(policy, [], lambda: cookie)


Present = Callable[[], Coroutine[Any, Any, Principal | None]]
WAYS = pytest.mark.parametrize("kind", ["key", "cookie"])


def issue(it: World, kind: str, **holder: object) -> tuple[str, Present]:
    """Return a new credential and what presents it."""
    if kind == "key":
        key = it.feed.issue_key("full", **holder)
        return key, lambda: by_key(it, key)
    cookie = it.feed.issue_cookie(**holder)
    return cookie, lambda: by_cookie(it, cookie)
