"""Tells auth_service which generations of tokens have been seen in use: their clients did receive them."""

from typing import Protocol

REPORT_SECONDS = 0.5
PATH = "/internal/confirmations"
_BATCH = 1000
_CAPACITY = 100_000


class Confirmed(Protocol):
    """shared.events.client.InternalClient, as far as it is needed here."""

    async def post(self, path: str, body: object) -> bytes: ...


class Confirmations:
    """Collects the newest generation of each session, for `report` to send; what can't be sent waits.

    Bounded: the oldest is forgotten first. One that is lost only lets a client replay its refresh longer, and one that
    is told twice changes nothing.
    """

    def __init__(self, auth_service: Confirmed, capacity: int = _CAPACITY) -> None:
        self._auth_service = auth_service
        self._capacity = capacity
        self._pending: dict[str, int] = {}

    def note(self, session_id: str, generation: int) -> None:
        pending = self._pending
        generation = max(generation, pending.pop(session_id, generation))
        if len(pending) >= self._capacity:
            del pending[next(iter(pending))]
        pending[session_id] = generation

    async def report(self) -> None:
        """Send what has been noted, in batches. Raises Unavailable, and keeps the rest for the next time."""
        while self._pending:
            batch = dict(list(self._pending.items())[:_BATCH])
            confirmations = [{"session_id": session, "generation": number} for session, number in batch.items()]
            await self._auth_service.post(PATH, {"confirmations": confirmations})
            for session, number in batch.items():
                if self._pending.get(session) == number:  # a newer one may have come meanwhile
                    del self._pending[session]
