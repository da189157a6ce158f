"""Recovery codes: for who has lost the other factors. Each is good once, and so long that a plain hash keeps it."""

import hashlib
import re
import secrets

HOW_MANY = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # none of i, l, o, u: nobody has to tell them from digits
_LENGTH, _GROUP = 24, 4  # characters: 120 bits (ASVS 5.0, 6.5.2 asks for 112)
_FORM = re.compile(rf"[{_ALPHABET}]{{{_LENGTH}}}")
_TAKEN_FOR = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})


def new_recovery_codes() -> list[str]:
    return [_new_code() for _ in range(HOW_MANY)]


def recovery_code_hash(code: str) -> bytes | None:
    """Return what is stored in the code's place, however it is spelt; none for what can't be one."""
    spelt = code.lower().translate(_TAKEN_FOR) if len(code) <= 2 * _LENGTH else ""
    return hashlib.sha256(spelt.encode()).digest() if _FORM.fullmatch(spelt) else None


def _new_code() -> str:
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return "-".join(code[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))
