"""Proof keys (RFC 7636): whoever fetches what a sign-in made is who began it. S256 alone; `plain` proves little."""

import base64
import hashlib
import secrets
from hmac import compare_digest

_BYTES = 32


def new_verifier() -> str:
    return secrets.token_urlsafe(_BYTES)


def challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def answers(verifier: str, challenge: str) -> bool:
    return compare_digest(challenge_of(verifier), challenge)
