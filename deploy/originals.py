"""The secrets and keys of one installation, each made on first use and kept in a file of its own (0600)."""

import json
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.local.errors import LaunchError
from deploy.local.state import make_folder, once, write_atomically
from shared.identity import private_keys, public_jwk

RESTORING = ".restoring"  # names the backup that a restore, which hasn't ended, makes this place from
ISSUERS = ("gateway", "auth_service", "user_service", "file_service")


class Originals:
    """Replacing a file and starting again changes a secret, where nothing that exists rests on the old one.

    Elsewhere a file holds several, the new one first (docs/secrets.md): passwords of stores a line each, private keys
    one after the other, and what programs read themselves with commas.
    """

    def __init__(self, folder: Path) -> None:
        """Raises LaunchError where a restore was broken off: what is there must not be taken for whole."""
        make_folder(folder, 0o700)
        if (folder / RESTORING).exists():
            raise LaunchError(f"A restore was broken off, or is still at work, in {folder}: run it again, to its end.")
        self.folder = folder

    def password(self, name: str) -> str:
        """Return 256 random bits in letters that need no quoting in a URL."""
        return once(self.folder / name, lambda: secrets.token_urlsafe(32).encode()).decode().strip()

    def passwords(self, name: str) -> list[str]:
        """Return those of a file with several, the one to be set first."""
        return self.password(name).split()

    def password_file(self, name: str) -> Path:
        self.password(name)
        return self.folder / name

    def key(self, issuer: str) -> str:
        """Return the private key by which a process signs its assertions, as PEM; several while it is changed."""
        return once(self.folder / f"{issuer}.pem", _new_key).decode()

    def key_file(self, issuer: str) -> Path:
        self.key(issuer)
        return self.folder / f"{issuer}.pem"

    def trust(self) -> str:
        """Return the public keys of all issuers: `{issuer: JWKS}`."""
        keys = {issuer: private_keys(self.key(issuer).encode()) for issuer in ISSUERS}
        trusted = {issuer: {"keys": [public_jwk(key.public_key()) for key in own]} for issuer, own in keys.items()}
        return json.dumps(trusted, indent=2)

    def trust_file(self) -> Path:
        """Write the public keys anew: they follow from the private ones."""
        write_atomically(self.folder / "trust.json", self.trust().encode())
        return self.folder / "trust.json"


def _new_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
