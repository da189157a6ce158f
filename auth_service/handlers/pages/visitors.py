"""Who opens a page: told by the session's cookie, which the gateway passes on for pages and doesn't look at."""

from dataclasses import dataclass

from aiohttp import web

from auth_service.domain.credentials import CredentialKind
from auth_service.handlers.callers import COOKIE
from auth_service.repository.accounts import AccountRepository
from auth_service.service.credentials import CredentialKeeping
from shared.identity import Identity, Kind
from shared.web.pages.kit import Visitor

PEOPLE = web.AppKey("people", AccountRepository)


@dataclass(frozen=True, slots=True)
class Visitors:
    credentials: CredentialKeeping
    accounts: AccountRepository

    async def recognise(self, request: web.Request) -> Visitor | None:
        """Return whom the cookie stands for, and note that it was used; none for a dead one, or for two."""
        cookie = request.app[COOKIE].read_one(request.headers.getall("Cookie", ()))
        holder = await self.credentials.verify(CredentialKind.BROWSER_SESSION, cookie) if cookie else None
        if holder is None or holder.standing is None:
            return None
        account = await self.accounts.find_by_id(holder.user_id, b"")
        if account is None:
            return None
        await self.credentials.note_uses([holder.credential_id], [])
        identity = Identity(
            kind=Kind.USER,
            subject=str(holder.user_id),
            session_id=str(holder.credential_id),
            scopes=holder.scopes,
            amr=holder.standing.methods,
            roles=holder.standing.roles,
            acr=holder.standing.acr,
            auth_time=int(holder.standing.authenticated_at.timestamp()),
        )
        return Visitor(identity, account.email)
