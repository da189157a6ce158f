"""Changes the keys that sign access tokens: by itself, when the rule says so, or because an operator does.

Each change is one transaction under one lock, decided by what it then reads: any number of replicas may try, and a
crash leaves it done or undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.signing_keys import HASTY_LEAD, LEAD, plan
from auth_service.metrics import SIGNING_KEYS_MADE
from auth_service.repository.audit import AuditRepository
from auth_service.repository.signing_keys import NewKey, SigningKeyRepository, StoredKey
from auth_service.sealing import Sealer, WrongSealingKey
from shared.db import Connection, Database
from shared.errors import Unavailable
from shared.events.publish import NewEvent, publish
from shared.identity import public_jwk
from shared.logs import log

_NO_DEVICE = Device("", "")  # the service itself, or an operator at its console


@dataclass(frozen=True, slots=True)
class Change:
    """A key was made that signs from then on; `withdrawn` are those whose tokens end at that moment."""

    kid: str
    signs_from: datetime
    withdrawn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """`every` is how long a key signs."""

    database: Database
    sealer: Sealer
    every: timedelta

    def is_due(self, keys: Sequence[StoredKey]) -> bool:
        return not keys or bool(plan(keys, keys[0].read_at, self.every))

    async def advance(self) -> list[StoredKey]:
        """Do what is due, unless another replica was faster; return the keys as they are then."""
        async with self.database.transaction() as connection:
            repository, keys = await _locked(connection)
            now = keys[0].read_at if keys else await repository.now()
            due = plan(keys, now, self.every)
            for kid, until in due.retire:
                await repository.end(kid, until)
                await _note(connection, Action.SIGNING_KEY_RETIRED, kid, until=until)
            if due.make_for is not None and self._knows(keys):
                await self._make(connection, due.make_for)
            return await repository.list_verifying()

    async def begin(self, lead: timedelta = LEAD) -> Change | None:
        """Make the next key now; none when it has been made already and waits for its time. Raises Unavailable."""
        async with self.database.transaction() as connection:
            repository, keys = await self._ours(connection)
            now = await repository.now()
            if any(key.signs_from > now for key in keys):
                return None
            kid = await self._make(connection, now + lead)
            return Change(kid, now + lead)

    async def replace_all(self, lead: timedelta = HASTY_LEAD) -> Change:
        """Have one new key in place of all there are, those to come included: somebody else may have them.

        Raises Unavailable.
        """
        async with self.database.transaction() as connection:
            repository, keys = await self._ours(connection)
            change = await repository.now() + lead
            for key in keys:
                await repository.end(key.kid, change)
                await _note(connection, Action.SIGNING_KEY_WITHDRAWN, key.kid, until=change)
            kid = await self._make(connection, change)
            return Change(kid, change, tuple(key.kid for key in keys))

    async def tell_withdrawn(self, kids: Sequence[str]) -> None:
        """Have gateways drop what was let in by these keys at once, open streams included."""
        async with self.database.transaction() as connection:
            await publish(connection, "auth", [NewEvent("signing_key_withdrawn", kid) for kid in kids])

    def _knows(self, keys: Sequence[StoredKey]) -> bool:
        """Tell whether we open what the others sealed. They couldn't open what we seal, if not."""
        try:
            return not keys or bool(self.sealer.open(keys[0].sealed, keys[0].kid))
        except WrongSealingKey:
            return False

    async def _ours(self, connection: Connection) -> tuple[SigningKeyRepository, list[StoredKey]]:
        """Raises Unavailable where we must not make a key."""
        repository, keys = await _locked(connection)
        if not self._knows(keys):
            raise Unavailable("KEY_ENCRYPTION_KEY doesn't open the keys that there are.")
        return repository, keys

    async def _make(self, connection: Connection, signs_from: datetime) -> str:
        """Make a key and tell of it, as the transaction's last step."""
        private_key = ec.generate_private_key(ec.SECP256R1())
        jwk = public_jwk(private_key.public_key()) | {"key_ops": ["verify"]}
        kid = str(jwk["kid"])
        key = NewKey(kid, jwk, self.sealer.seal(_to_der(private_key), kid))
        await SigningKeyRepository(connection).add(key, signs_from)
        await _note(connection, Action.SIGNING_KEY_CREATED, kid, signs_from=signs_from)
        SIGNING_KEYS_MADE.inc()
        await publish(connection, "auth", [NewEvent("signing_key_published", kid)])
        return kid


async def _locked(connection: Connection) -> tuple[SigningKeyRepository, list[StoredKey]]:
    repository = SigningKeyRepository(connection)
    await repository.lock(connection)
    return repository, await repository.list_verifying()


async def _note(connection: Connection, action: Action, kid: str, **times: datetime) -> None:
    told = {name: time.isoformat() for name, time in times.items()}
    await AuditRepository(connection).record(AuditEntry(action, _NO_DEVICE, details={"kid": kid, **told}))
    log.info(
        action.value, **{"colonnade.key.id": kid, **{f"colonnade.key.{name}": time for name, time in told.items()}}
    )


def _to_der(key: ec.EllipticCurvePrivateKey) -> bytes:
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.DER, form, plain)
