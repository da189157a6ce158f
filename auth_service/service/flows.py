"""What a sign-in at a provider leaves behind until its next step: encrypted, found by a secret's hash, taken once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import msgspec

from auth_service.domain.federation import CODE_LIFETIME, FLOW_LIFETIME, Flow, Handover
from auth_service.repository.federated_flows import FlowRepository
from auth_service.sealing import Sealer, WrongSealingKey
from shared.db import Connection, Database
from shared.opaque_tokens import digest, is_sound, mint

T = TypeVar("T", Flow, Handover)

_LABELS: dict[type, str] = {Flow: "", Handover: "code_"}
_LIFETIMES: dict[type, timedelta] = {Flow: FLOW_LIFETIME, Handover: CODE_LIFETIME}


def new_token(kind: type[Flow | Handover]) -> str:
    """Return a secret that can stand for such a step: a state, or the code for an app."""
    return mint(_LABELS[kind])


@dataclass(frozen=True, slots=True)
class FlowKeeping:
    database: Database
    sealer: Sealer

    async def keep(self, token: str, step: Flow | Handover) -> None:
        kind = type(step)
        sealed = self.sealer.seal(msgspec.json.encode(step), _label(kind, token))
        await FlowRepository(self.database).add(digest(token), sealed, _LIFETIMES[kind])

    async def take(self, token: str, kind: type[T], connection: Connection | None = None) -> T | None:
        """Return the step, once; none for a secret that is unknown, expired, used before, or of another kind.

        With the `connection` of a transaction, it is gone once that is committed.
        """
        if not is_sound(token, _LABELS[kind]):
            return None
        sealed = await FlowRepository(connection or self.database).take(digest(token))
        if sealed is None:
            return None
        try:
            return msgspec.json.decode(self.sealer.open(sealed, _label(kind, token)), type=kind)
        except (WrongSealingKey, msgspec.DecodeError):  # the key was changed, or another version wrote it
            return None


def _label(kind: type, token: str) -> str:
    return f"federated {kind.__name__.lower()} {digest(token).hex()}"
