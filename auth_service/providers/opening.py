"""The providers that are configured, ready to be asked."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from auth_service.providers.asking import Asking, provider_session
from auth_service.providers.declarations import Declaration, ProviderKind
from auth_service.providers.github import GitHubProvider
from auth_service.providers.model import Provider
from auth_service.providers.openid import OpenIdProvider

_KINDS: Mapping[ProviderKind, type[OpenIdProvider | GitHubProvider]] = {
    ProviderKind.OPENID: OpenIdProvider,
    ProviderKind.GITHUB: GitHubProvider,
}


@asynccontextmanager
async def open_providers(declarations: Sequence[Declaration]) -> AsyncIterator[Mapping[str, Provider]]:
    """Return them by id, in the file's order. None of them is asked before somebody wants to sign in with it."""
    if not declarations:
        yield {}
        return
    async with provider_session() as session:
        yield {each.id: _KINDS[each.kind](each, Asking(session, each.id)) for each in declarations}
