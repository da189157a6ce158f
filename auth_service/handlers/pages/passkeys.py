"""What the script of passkeys fills into a form."""

from collections.abc import Mapping
from typing import Any

from auth_service.messages.factors import PasskeyAssertion, PasskeyAttestation, credential_in
from shared.web.body import convert, parse_json


def assertion_in(text: str) -> Mapping[str, Any]:
    """Return what the script says that a passkey signed. Raises MalformedBody."""
    return credential_in(convert(parse_json(text.encode()), PasskeyAssertion))


def attestation_in(text: str) -> PasskeyAttestation:
    """Return what the script says of a passkey that was made. Raises MalformedBody."""
    return convert(parse_json(text.encode()), PasskeyAttestation)
