"""One random key per folder of backups encrypts all that lies there; a passphrase opens it.

`key.json` holds that key, encrypted with AES-256-GCM under what scrypt (RFC 7914) makes of the passphrase:

    {"format": 1, "scrypt": {"n": 131072, "r": 8, "p": 1, "salt": base64}, "nonce": base64, "key": base64}
"""

import json
import secrets
from base64 import b64decode, b64encode
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from deploy.backup.errors import BackupError, Damaged
from shared.settings import Secret

KEY_BYTES = 32
LABEL = b"colonnade backup key 1"
_COST = 2**17  # with r = 8: 128 MiB and about half a second for each guess
_BLOCK = 8
_MOST_COST = 2**20


def new_key_file(passphrase: Secret) -> bytes:
    """Make a key, and return the file that holds it."""
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    wrapped = AESGCM(_stretched(passphrase, salt, _COST)).encrypt(nonce, secrets.token_bytes(KEY_BYTES), LABEL)
    scrypt = {"n": _COST, "r": _BLOCK, "p": 1, "salt": b64encode(salt).decode()}
    content = {"format": 1, "scrypt": scrypt, "nonce": b64encode(nonce).decode(), "key": b64encode(wrapped).decode()}
    return json.dumps(content, indent=2).encode()


def open_key_file(content: bytes, passphrase: Secret) -> bytes:
    """Return the key. Raises BackupError where the passphrase is another, or Damaged where it is no such file."""
    try:
        told: Any = json.loads(content)
        scrypt, nonce, wrapped = told["scrypt"], b64decode(told["nonce"]), b64decode(told["key"])
        salt, cost = b64decode(scrypt["salt"]), scrypt["n"]
        if (told["format"], scrypt["r"], scrypt["p"]) != (1, _BLOCK, 1) or not 1 < cost <= _MOST_COST:
            raise Damaged("key.json is of a format that this program doesn't know.")
        return AESGCM(_stretched(passphrase, salt, cost)).decrypt(nonce, wrapped, LABEL)
    except InvalidTag:
        raise BackupError("The passphrase doesn't open key.json: it is another one, or the file is damaged.") from None
    except (ValueError, KeyError, TypeError) as exc:
        raise Damaged(f"key.json can't be read: {exc}.") from exc


def _stretched(passphrase: Secret, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=KEY_BYTES, n=cost, r=_BLOCK, p=1).derive(passphrase.reveal().encode())
