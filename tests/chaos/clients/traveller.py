"""Somebody with three tabs that share one session: they refresh it together, and one day log out."""

import asyncio
import base64
import hashlib
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.chaos.clients.caller import Caller
from tests.chaos.history import LateUse, Logout, Rotation
from tests.e2e.visitor import PASSWORD

_TABS = 3
_REFRESHES = 6  # of one session, before its owner leaves; far below what a session may in ten minutes
_LATE = 1.5  # seconds in which an old token is tried again and again


def digest(refresh_token: str) -> str:
    """Return what auth_service keeps of a refresh token: the hash of the secret in it."""
    return hashlib.sha256(_raw(refresh_token)[21:53]).hexdigest()


def session_of(refresh_token: str) -> str:
    return str(UUID(bytes=_raw(refresh_token)[1:17]))


def generation_of(refresh_token: str) -> int:
    return int.from_bytes(_raw(refresh_token)[17:21])


def _raw(refresh_token: str) -> bytes:
    return base64.urlsafe_b64decode(refresh_token)


@dataclass
class Traveller:
    """`held` is, by session, the refresh token that is to be shown next."""

    caller: Caller
    held: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)  # access tokens of ended sessions

    async def run(self) -> None:
        self._hold(self.caller.tokens)
        while not self.caller.stop.is_set():
            for _ in range(_REFRESHES):
                await asyncio.gather(*(self._tab() for _ in range(_TABS)))
                if self.caller.stop.is_set():
                    return
            await self._leave()
            await self._sign_in()

    async def _tab(self) -> None:
        """Refresh what all tabs hold, and use what came of it."""
        presented = self.refresh_token
        if not await self._refresh(presented):
            return
        for _ in range(2):
            await self.caller.insist("GET", "/v1/users/me", expected=(200,))
            await self.caller.rest()

    @property
    def refresh_token(self) -> str:
        return str(self.caller.tokens["refresh_token"])

    async def _refresh(self, presented: str) -> bool:
        """Present it until there is an answer, or until another tab had one."""
        while self.refresh_token == presented:
            sent = time.monotonic()
            body = {"refresh_token": presented}
            reply = await self.caller.attempt("POST", "/v1/auth/refresh", json=body, expected=(200,))
            if reply is not None and reply.status == 200:
                self._take(presented, reply.json(), sent)
                return True
            if reply is not None:
                self.caller.wrong(f"a good refresh token was answered {reply.status}")
                return False
            await self.caller.rest()
        return True

    def _take(self, presented: str, tokens: dict[str, Any], sent: float) -> None:
        successor = str(tokens["refresh_token"])
        session, generation = session_of(successor), generation_of(successor)
        rotation = Rotation(session, generation, digest(presented), digest(successor), sent)
        self.caller.history.rotations.append(rotation)
        if generation > generation_of(self.refresh_token):
            self._hold(tokens)

    def _hold(self, tokens: dict[str, Any]) -> None:
        self.caller.tokens = tokens
        self.held[session_of(self.refresh_token)] = self.refresh_token

    async def _leave(self) -> None:
        """Log out; an answer that is lost leaves open whether that happened."""
        session, access_token = session_of(self.refresh_token), self.caller.tokens["access_token"]
        reply = await self.caller.attempt("POST", "/v1/auth/logout", expected=(204,))
        while reply is None:
            await self.caller.rest()
            reply = await self.caller.attempt("POST", "/v1/auth/logout", expected=(204, 401))
        self.caller.history.logouts.append(Logout(session, time.monotonic()))
        self.left.append(access_token)
        await self._try_old(session, access_token, self.refresh_token)

    async def _try_old(self, session: str, access_token: str, refresh_token: str) -> None:
        until = time.monotonic() + _LATE
        while time.monotonic() < until:
            await self._use_late(session, access_token)
            await self.caller.rest()
        body = {"refresh_token": refresh_token}
        await self.caller.attempt("POST", "/v1/auth/refresh", json=body, expected=(401,))

    async def look_back(self) -> None:
        """Try the access tokens of all sessions that were left: none may be of use any more."""
        for access_token in self.left:
            headers = {"Authorization": f"Bearer {access_token}"}
            await self.caller.insist("GET", "/v1/users/me", headers=headers, expected=(401,))

    async def _use_late(self, session: str, access_token: str) -> None:
        sent = time.monotonic()
        headers = {"Authorization": f"Bearer {access_token}"}
        reply = await self.caller.attempt("GET", "/v1/users/me", headers=headers, expected=(200, 401))
        if reply is not None:
            self.caller.history.late_uses.append(LateUse(session, sent, accepted=reply.status == 200))

    async def _sign_in(self) -> None:
        body = {"email": self.caller.email, "password": PASSWORD}
        reply = await self.caller.insist("POST", "/v1/auth/login", json=body, expected=(200,))
        if reply.status == 200:
            self._hold(reply.json())
