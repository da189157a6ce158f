"""Who made a backup: an Ed25519 key of the installation signs each manifest.

The private key is one of the installation's secrets (`backup.pem`); the public one lies beside it (`backup.pub`) and is
printed with each backup, to be kept elsewhere. Where nobody kept it, the private key among the encrypted secrets says
which it is: whoever made the backup then at least knew the passphrase.
"""

from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from deploy.backup.errors import Damaged

_PURPOSE = b"colonnade backup manifest 1\n"


def new_private_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_key(pem: bytes) -> str:
    """Return what stands in `backup.pub`: the 32 bytes in base64. Raises Damaged for what is no such private key."""
    raw = _private(pem).public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return b64encode(raw).decode()


def sign(pem: bytes, manifest: bytes) -> bytes:
    return b64encode(_private(pem).sign(_PURPOSE + manifest)) + b"\n"


def check_signature(key: str, manifest: bytes, signature: bytes) -> None:
    """Raises Damaged unless that key signed the manifest."""
    try:
        Ed25519PublicKey.from_public_bytes(b64decode(key, validate=True)).verify(
            b64decode(signature.removesuffix(b"\n"), validate=True), _PURPOSE + manifest
        )
    except (InvalidSignature, ValueError):
        raise Damaged(f"The manifest isn't signed by {key}: it was changed, or made by another installation.") from None


def _private(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except ValueError as exc:
        raise Damaged(f"backup.pem can't be read: {exc}.") from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise Damaged("backup.pem must hold an Ed25519 private key.")
    return key
