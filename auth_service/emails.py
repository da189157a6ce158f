"""Email addresses: what is one, and which two are the same."""

import re
import unicodedata
from dataclasses import dataclass

import idna

from auth_service.errors import InvalidEmail
from shared.errors import Violation
from shared.normal_form import composed

_LONGEST, _LONGEST_LOCAL = 254, 64  # octets (RFC 5321)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_NUMERIC_TLD = re.compile(r".*\.\d+")


@dataclass(frozen=True, slots=True)
class Email:
    """`address` is as the person wrote it, and where mail goes; `key` is what uniqueness is judged on."""

    address: str
    key: str


def parse_email(raw: str) -> Email:
    """Return the address. Only a mail that arrives proves it deliverable. Raises InvalidEmail.

    Whoever signs in with a twin of an address (other case, other form of the same letters) meets the same account,
    and mail still goes to the address as registered: so no twin can take an account over.
    """
    if not raw.isprintable():
        raise _invalid("holds characters that can't be printed")
    address = composed(raw.strip(), _LONGEST)
    if len(address.encode()) > _LONGEST:
        raise _invalid(f"is longer than {_LONGEST} bytes")
    local, _, host = address.rpartition("@")
    folded = _fold(local)
    if not (_LOCAL.fullmatch(local) and _LOCAL.fullmatch(folded)) or len(local.encode()) > _LONGEST_LOCAL:
        raise _invalid("is not an email address")
    return Email(address, f"{folded}@{_ascii_host(host)}")


def _fold(local: str) -> str:
    """Fold case and compatibility forms; through upper case, so that the dotless i meets the i it is taken for."""
    folded = unicodedata.normalize("NFKC", local).upper().casefold()
    return unicodedata.normalize("NFKC", folded).replace("i\u0307", "i")


def fold_part(text: str) -> str:
    """Return the form in which any part of an address is sought in addresses' keys. It is no longer than an address."""
    return _fold(composed(text.strip(), _LONGEST))


def _ascii_host(host: str) -> str:
    try:
        name = idna.encode(host, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as exc:
        raise _invalid("has no valid host name") from exc
    if "." not in name.strip(".") or name.endswith(".") or _NUMERIC_TLD.fullmatch(name):
        raise _invalid("has no valid host name")
    return name


def _invalid(why: str) -> InvalidEmail:
    return InvalidEmail(f"The address {why}.", errors=[Violation("/email", why)])
