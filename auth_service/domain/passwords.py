"""What a new password has to be: long enough. No composition rules (NIST SP 800-63B-4, 3.1.1.2)."""

import unicodedata

from auth_service.errors import WeakPassword
from shared.errors import Violation

SHORTEST, LONGEST = 8, 128  # characters after normalisation


def normalise_password(raw: str) -> str:
    """Return the form that is hashed, alike on every keyboard: the same text may arrive composed or not."""
    return unicodedata.normalize("NFC", raw)


def accept_new_password(raw: str, pointer: str = "/password") -> str:
    """Return the normalised password. Raises WeakPassword naming the field at `pointer`."""
    password = normalise_password(raw)
    if not SHORTEST <= len(password) <= LONGEST:
        rule = f"must have {SHORTEST} to {LONGEST} characters"
        raise WeakPassword(f"A password {rule}.", errors=[Violation(pointer, rule)])
    return password
