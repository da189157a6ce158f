"""One replica's view of the keys that sign access tokens, read again every few seconds.

A key is published before it signs (`signs_from`) and as long as its tokens live (`verifies_until`), so that keys can
be changed by rows alone, without a restart and without a moment in which a token can't be verified.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from auth_service.domain.signing_keys import signers
from auth_service.metrics import SIGNING_KEY_SINCE
from auth_service.repository.signing_keys import SigningKeyRepository, StoredKey
from auth_service.sealing import Sealer, WrongSealingKey
from auth_service.service.key_rotation import KeyRotation
from shared.db import Database
from shared.errors import Unavailable
from shared.logs import log

REFRESH_SECONDS = 5.0
_STALE_SECONDS = 60.0  # nothing is signed by an older view: keys may have been withdrawn since


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str
    private_key: ec.EllipticCurvePrivateKey


class KeyRing:
    """Empty until the database has answered once, and kept while it is away.

    Keys change at the moment that their rows name, by the database's clock, and not when they are next read.
    """

    def __init__(
        self, database: Database, sealer: Sealer, rotation: KeyRotation, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._rotation = rotation
        self._clock = clock
        self._keys: list[StoredKey] = []
        self._read = 0.0
        self._opened: dict[bytes, SigningKey | None] = {}  # by how they are stored

    async def refresh(self) -> None:
        """Read the keys again, and do what is due. Raises Unavailable, and then changes nothing."""
        keys = await SigningKeyRepository(self._database).list_verifying()
        if self._rotation.is_due(keys):
            keys = await self._rotation.advance()
        self._keys, self._read = keys, self._clock()
        self._opened = {key.sealed: self._opened.get(key.sealed) or self._open(key) for key in keys}
        if current := signers(keys, self._now()):
            SIGNING_KEY_SINCE.set(current[0].signs_from.timestamp())

    async def signing_key(self) -> SigningKey:
        """Raises Unavailable while there is none that we can use."""
        if not self._keys or self._clock() - self._read > _STALE_SECONDS:
            await self.refresh()
        for key in signers(self._keys, self._now()):
            if opened := self._opened[key.sealed]:
                return opened
        raise Unavailable("No signing key can be opened.")

    async def public_keys(self) -> list[dict[str, Any]]:
        """Return the JWKs of all keys whose tokens may still be good, those that are yet to sign included."""
        if not self._keys:
            await self.refresh()
        now = self._now()
        return [key.public_jwk for key in self._keys if key.verifies(now)]

    def _now(self) -> datetime:
        """Return the database's time: late by what the last answer of its took, and never early."""
        return self._keys[0].read_at + timedelta(seconds=self._clock() - self._read)

    def _open(self, key: StoredKey) -> SigningKey | None:
        try:
            return SigningKey(key.kid, _from_der(self._sealer.open(key.sealed, key.kid)))
        except WrongSealingKey:
            if key.sealed not in self._opened:
                log.error("signing_key_unreadable", **{"colonnade.key.id": key.kid})
            return None


def _from_der(der: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_der_private_key(der, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # we sealed nothing else
    return key
