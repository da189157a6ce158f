"""One-time codes by the clock (TOTP, RFC 6238), as every authenticator app makes them: SHA-1, six digits, 30 s."""

import base64
import re
import secrets
import time
from dataclasses import dataclass
from hmac import compare_digest

import pyotp

STEP = 30  # seconds
_DRIFT = 1  # steps before and after: clocks differ, and people type
_SECRET_BYTES = 20  # as long as SHA-1's output (RFC 4226, 4)
_CODE = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app is told, by the picture or by hand. `secret` is base32, `picture` the QR code of `uri` as SVG."""

    secret: str
    uri: str
    picture: str


def new_totp_secret() -> bytes:
    return secrets.token_bytes(_SECRET_BYTES)


def describe(secret: bytes, account: str, issuer: str) -> Enrolment:
    text = base64.b32encode(secret).decode("ascii")
    uri = pyotp.TOTP(text).provisioning_uri(
        name=account, issuer_name=issuer.replace(":", " ")
    )  # the label's own separator
    return Enrolment(text, uri, _picture(uri))


def matching_step(secret: bytes, code: str, now: float | None = None) -> int | None:
    """Return the step, counted since 1970, that the code is of; none for a wrong one. Every code is compared."""
    digits = code.replace(" ", "")
    if not _CODE.fullmatch(digits):
        return None
    current, found = int(time.time() if now is None else now) // STEP, None
    counter = pyotp.HOTP(base64.b32encode(secret).decode("ascii"))
    for step in range(current - _DRIFT, current + _DRIFT + 1):
        if compare_digest(counter.at(step), digits):
            found = step
    return found


def _picture(uri: str) -> str:
    """Return the QR code as SVG, dark on light with its quiet zone, whatever the page looks like around it."""
    import segno  # noqa: PLC0415  for this alone

    return segno.make(uri, error="m", micro=False).svg_inline(scale=4, border=4, dark="#000", light="#fff")
