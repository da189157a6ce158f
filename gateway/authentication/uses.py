"""Tells auth_service which browsers' sessions and API keys are in use, as it isn't asked about those that we know."""

from typing import Protocol

from gateway.authentication.principal import Credential, Principal

REPORT_SECONDS = 15.0
PATH = "/internal/credential-uses"
_BATCH = 1000
_CAPACITY = 100_000


class Told(Protocol):
    """shared.events.client.InternalClient, as far as it is needed here."""

    async def post(self, path: str, body: object) -> bytes: ...


class Uses:
    """Collects what has been in use since the last report. Bounded: what finds no room is noted at its next use."""

    def __init__(self, auth_service: Told, capacity: int = _CAPACITY) -> None:
        self._auth_service = auth_service
        self._capacity = capacity
        self._pending: dict[str, Credential] = {}

    def note(self, principal: Principal) -> None:
        if len(self._pending) < self._capacity:
            self._pending[principal.credential_id] = principal.kind

    async def report(self) -> None:
        """Send what has been noted, in batches. Raises Unavailable, and keeps the rest for the next time."""
        while self._pending:
            batch = list(self._pending.items())[:_BATCH]
            uses = {
                "browser_sessions": [each for each, kind in batch if kind is Credential.BROWSER_SESSION],
                "api_keys": [each for each, kind in batch if kind is Credential.API_KEY],
            }
            await self._auth_service.post(PATH, uses)
            for each, _ in batch:
                self._pending.pop(each, None)
