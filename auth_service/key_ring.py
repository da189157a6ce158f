"""The keys that sign access tokens: kept in the database, made when there is none, read again every minute.

A key is published before it signs (`signs_from`) and as long as its tokens live (`verifies_until`), so that keys can
be changed by rows alone, without a restart and without a moment in which a token can't be verified.
"""

from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from auth_service.metrics import SIGNING_KEY_SINCE
from auth_service.repository.signing_keys import SigningKeyRepository, StoredKey
from auth_service.sealing import Sealer, WrongSealingKey
from shared.db import Database
from shared.errors import Unavailable
from shared.identity import public_jwk
from shared.logs import log

REFRESH_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str
    private_key: ec.EllipticCurvePrivateKey


class KeyRing:
    """One replica's view of the keys. Empty until the database has answered once, and kept while it is away."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._signing: SigningKey | None = None
        self._public: list[dict[str, Any]] = []

    async def refresh(self) -> None:
        """Read the keys again; make the first one. Raises Unavailable, and then changes nothing."""
        keys = await SigningKeyRepository(self._database).list_verifying()
        if not keys:
            keys = await self._make_first()
        self._public = [key.public_jwk for key in keys]
        self._signing = self._choose(keys)
        for key in keys:
            if self._signing is not None and key.kid == self._signing.kid:
                SIGNING_KEY_SINCE.set(key.signs_from.timestamp())

    async def signing_key(self) -> SigningKey:
        """Raises Unavailable while there is none that we can use."""
        if self._signing is None:
            await self.refresh()
        if self._signing is None:
            raise Unavailable("No signing key can be opened.")
        return self._signing

    async def public_keys(self) -> list[dict[str, Any]]:
        """Return the JWKs of all keys whose tokens may still be good, those that are yet to sign included."""
        if not self._public:
            await self.refresh()
        return self._public

    async def _make_first(self) -> list[StoredKey]:
        """Of several replicas that find none, one makes it and the others find it then."""
        async with self._database.transaction() as connection:
            repository = SigningKeyRepository(connection)
            await repository.lock(connection)
            if keys := await repository.list_verifying():
                return keys
            private_key = ec.generate_private_key(ec.SECP256R1())
            jwk = public_jwk(private_key.public_key()) | {"key_ops": ["verify"]}
            await repository.add(jwk["kid"], jwk, self._sealer.seal(_to_der(private_key), jwk["kid"]))
            log.info("signing_key_created", kid=jwk["kid"])
            return await repository.list_verifying()

    def _choose(self, keys: list[StoredKey]) -> SigningKey | None:
        for key in keys:
            if key.signs_from > key.read_at:
                continue
            if self._signing is not None and self._signing.kid == key.kid:
                return self._signing
            try:
                return SigningKey(key.kid, _from_der(self._sealer.open(key.sealed, key.kid)))
            except WrongSealingKey:
                log.error("signing_key_unreadable", kid=key.kid)
        return None


def _to_der(key: ec.EllipticCurvePrivateKey) -> bytes:
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.DER, form, plain)


def _from_der(der: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_der_private_key(der, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # we sealed nothing else
    return key
