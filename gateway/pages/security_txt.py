"""Whom to tell of a vulnerability in this installation (RFC 9116)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

PATH = "/.well-known/security.txt"
_GOOD_FOR = timedelta(days=180)  # a year at most is what the RFC recommends
_LANGUAGES = "en, de"


def security_txt(contacts: Sequence[str], public_url: str, now: datetime) -> bytes:
    """Return the file as it is at `now`, in UTC. It is told anew each day, so its end is always in the future."""
    expires = (now + _GOOD_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        *(f"Contact: {contact}" for contact in contacts),
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {_LANGUAGES}",
        f"Canonical: {public_url}{PATH}",
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def is_contact(text: str) -> bool:
    """Tell whether it is a URI of a kind that people can follow, which is all that the RFC takes."""
    return (
        text.startswith(("mailto:", "https://", "tel:")) and text.isascii() and text.isprintable() and " " not in text
    )
