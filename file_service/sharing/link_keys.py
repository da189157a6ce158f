"""FILE_LINK_KEY: what signs URLs. Rotated by naming several: the first signs, all of them verify."""

import hmac
from collections.abc import Sequence

from shared.settings import Env, Secret

_SHORTEST = 32  # characters: 128 bits even in hexadecimal
_PURPOSE = b"colonnade signed url"


def read_link_keys(env: Env) -> tuple[Secret, ...]:
    keys = [key.strip() for key in env.secret("FILE_LINK_KEY").reveal().split(",")]
    if keys != [""] and any(len(key) < _SHORTEST for key in keys):
        env.mistake(f"FILE_LINK_KEY must have at least {_SHORTEST} characters, or be several such keys with commas")
    return tuple(map(Secret, keys))


class LinkKeys:
    def __init__(self, keys: Sequence[Secret]) -> None:
        self._keys = [hmac.digest(key.reveal().encode(), _PURPOSE, "sha256") for key in keys]

    def sign(self, message: bytes) -> bytes:
        return hmac.digest(self._keys[0], message, "sha256")

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Compare in constant time, with each of the keys."""
        fits = [hmac.compare_digest(hmac.digest(key, message, "sha256"), signature) for key in self._keys]
        return any(fits)
