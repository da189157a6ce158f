"""The one rule of which secrets somebody might guess, and where that is not put up with.

How much a secret has to withstand follows from what a thief can try it against: a key or pepper, against a copy of what
it protects and as fast as their machines allow; a password of a server, against that server alone. What somebody else
gave us, as a mail server's password, is theirs to make strong: only placeholders are told of.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

ADVICE = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"

KEYS = ("PASSWORD_PEPPER", "REFRESH_KEY", "KEY_ENCRYPTION_KEY", "FILE_LINK_KEY")
STORE_URLS = (
    *("DATABASE_URL", "DATABASE_DIRECT_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"),
    *("VALKEY_URL", "CACHE_URL"),
)
_ROLE_PASSWORDS = ("_OWNER_PASSWORD", "_RUNTIME_PASSWORD")
_KEY_BITS, _PASSWORD_BITS = 96.0, 48.0
_DEFAULTS = re.compile(
    r"(?i)change[-_ ]?(me|this)|secret|passw(or)?d|postgres|valkey|redis|colonnade|minio"
    r"|admin|example|default|qwert|12345"
)


def is_exposed(public_url: str) -> bool:
    """Tell whether others than this machine use the installation: what is for a developer alone may be weak."""
    host = urlsplit(public_url).hostname or ""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


@dataclass(frozen=True, slots=True)
class Part:
    """One secret of a variable's value, what it is called, and how many bits it needs: 0 where it is another's."""

    name: str
    value: str
    needed: float

    @property
    def flaw(self) -> str:
        return weakness(self.value, self.needed)


def parts(name: str, value: str) -> Iterator[Part]:
    """Yield each secret in the value of a variable: of several keys, and of URLs the passwords."""
    if name in KEYS:
        yield from (Part(name, each.strip(), _KEY_BITS) for each in value.split(",") if value)
    elif name in STORE_URLS or name == "SMTP_URL":
        needed = _PASSWORD_BITS if name in STORE_URLS else 0.0
        for url in value.split():
            place = urlsplit(url)
            if place.password:
                yield Part(f"the password of {place.username or 'Valkey'}", unquote(place.password), needed)
    elif value:
        yield Part(name, value, _PASSWORD_BITS if name.endswith(_ROLE_PASSWORDS) else 0.0)


def complaint(name: str, value: str) -> str:
    """Say what is wrong with the value of a variable; empty if nothing is. Never quotes it."""
    try:
        flawed = next((part for part in parts(name, value) if part.flaw), None)
    except ValueError:
        return "is no URL: what a password has of /?#[]@ is written as %2F and so on"
    if flawed is None:
        return ""
    return flawed.flaw if flawed.name == name else f"has {flawed.name}, which {flawed.flaw}"


def weakness(secret: str, needed: float) -> str:
    """Say why somebody might guess a secret; empty if nobody will."""
    if _DEFAULTS.search(secret) and bits(_DEFAULTS.sub("", secret)) < (needed or _PASSWORD_BITS):
        return "looks like a default or a placeholder"
    if bits(secret) < needed:
        return f"is weak: about {bits(secret):.0f} bits"
    return ""


def bits(secret: str) -> float:
    """Return an upper bound of what guessing takes, by how often each character occurs."""
    counts, length = Counter(secret), len(secret)
    return sum(count * math.log2(length / count) for count in counts.values()) if length else 0.0
