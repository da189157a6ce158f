"""An API key: what a person lets a program do in their name, for how long."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from auth_service.errors import InvalidKeyExpiry, InvalidKeyName, InvalidScope
from shared.errors import Violation

MOST_KEYS = 50  # of one account, expired ones included
LONGEST_NAME = 100
_SCOPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")  # all that a route may ask for
_LONGEST_LIFE = timedelta(days=3660)
SCOPES = ("users:read", "users:write", "files:read", "files:write", "full")  # of the built-in routes
_SEPARATOR = re.compile(r"[._:/-]")


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key about to be stored; `hint` is how its secret begins."""

    api_key_id: UUID
    user_id: UUID
    secret_hash: bytes
    hint: str
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What its owner is shown. `last_used_at` is right to some minutes."""

    api_key_id: UUID
    hint: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def accept_name(raw: str) -> str:
    """Return the name by which its owner tells the key from others. Raises InvalidKeyName."""
    name = raw.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        rule = f"must have 1 to {LONGEST_NAME} characters that can be printed"
        raise InvalidKeyName(f"A name {rule}.", errors=[Violation("/name", rule)])
    return name


def accept_scopes(raw: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes, each once. Raises InvalidScope.

    Those of an operator's own routes only the route file knows, so any is taken that can't be mistaken for one of ours.
    """
    scopes = tuple(dict.fromkeys(raw))
    for index, scope in enumerate(scopes):
        if not _SCOPE.fullmatch(scope):
            rule = "must be letters, digits and . _ : / -, 64 at most, beginning with a letter or digit"
            raise InvalidScope(f"A scope {rule}.", errors=[Violation(f"/scopes/{index}", rule)])
        if scope not in SCOPES and (meant := _spelled_as_ours(scope)) in SCOPES:
            rule = f"isn't a scope; there is {meant}"
            raise InvalidScope(f"`{scope}` {rule}.", errors=[Violation(f"/scopes/{index}", rule)])
    return scopes


def _spelled_as_ours(scope: str) -> str:
    """Return it in our case, plural and separator."""
    head, *rest = _SEPARATOR.split(scope.lower(), maxsplit=1)
    return ":".join([f"{head.removesuffix('s')}s", *rest]) if rest else head


def accept_expiry(expires_at: datetime | None, now: datetime) -> datetime | None:
    """Return when the key will expire; none for never. Raises InvalidKeyExpiry."""
    if expires_at is not None and not now < expires_at <= now + _LONGEST_LIFE:
        rule = "must lie ahead, by ten years at most"
        raise InvalidKeyExpiry(f"Its end {rule}.", errors=[Violation("/expires_at", rule)])
    return expires_at
