"""Passkeys (WebAuthn level 3): what a browser is asked, and whether what it answers proves anything.

Who we are to authenticators, relying party and origin, comes from PUBLIC_URL alone. The library is imported where it is
used, as most installations begin without a passkey and its parts need memory.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import idna

from auth_service.domain.factors import KnownCredential
from auth_service.errors import PasskeyRefused
from shared.site import Site
from shared.web.origins import origin_of

_TIMEOUT = 300_000  # milliseconds: as long as a challenge lives
_TRANSPORTS = frozenset(("usb", "nfc", "ble", "smart-card", "cable", "hybrid", "internal"))
Options = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """`host` is what passkeys are bound to: the name without port and path, as browsers have it; `name` is shown."""

    host: str
    origin: str
    name: str

    @classmethod
    def of(cls, public_url: str, site: Site) -> Self:
        host = urlsplit(public_url).hostname or ""
        try:
            ascii_host = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            ascii_host = host
        return cls(ascii_host, origin_of(public_url).replace(host, ascii_host), site.listed_as(ascii_host))


@dataclass(frozen=True, slots=True)
class Registered:
    """What an authenticator has made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool
    user_verified: bool


@dataclass(frozen=True, slots=True)
class Asserted:
    sign_count: int
    user_verified: bool


class Ceremonies:
    """Checks signatures and all that they cover; that a challenge is ours and fresh was checked before."""

    def __init__(self, party: RelyingParty) -> None:
        self._party = party

    def creation_options(
        self, challenge: bytes, user_handle: bytes, user_name: str, known: Iterable[KnownCredential]
    ) -> Options:
        """Return what `navigator.credentials.create` takes, as JSON (PublicKeyCredentialCreationOptionsJSON)."""
        from webauthn import generate_registration_options  # noqa: PLC0415  see above
        from webauthn.helpers import options_to_json_dict  # noqa: PLC0415
        from webauthn.helpers import structs as w  # noqa: PLC0415

        options = generate_registration_options(
            rp_id=self._party.host,
            rp_name=self._party.name,
            user_id=user_handle,
            user_name=user_name,
            challenge=challenge,
            timeout=_TIMEOUT,
            authenticator_selection=w.AuthenticatorSelectionCriteria(
                resident_key=w.ResidentKeyRequirement.PREFERRED,
                user_verification=w.UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=[w.PublicKeyCredentialDescriptor(id=each.credential_id) for each in known],
        )
        return options_to_json_dict(options)

    def request_options(
        self, challenge: bytes, known: Iterable[KnownCredential] = (), *, verify_user: bool = False
    ) -> Options:
        """Return what `navigator.credentials.get` takes, as JSON. Without `known` the person chooses an account."""
        from webauthn import generate_authentication_options  # noqa: PLC0415  see above
        from webauthn.helpers import options_to_json_dict  # noqa: PLC0415
        from webauthn.helpers import structs as w  # noqa: PLC0415

        verification = w.UserVerificationRequirement
        options = generate_authentication_options(
            rp_id=self._party.host,
            challenge=challenge,
            timeout=_TIMEOUT,
            allow_credentials=[
                w.PublicKeyCredentialDescriptor(
                    id=each.credential_id, transports=[w.AuthenticatorTransport(name) for name in each.transports]
                )
                for each in known
            ],
            user_verification=verification.REQUIRED if verify_user else verification.PREFERRED,
        )
        return options_to_json_dict(options)

    def register(self, credential: Mapping[str, Any], challenge: bytes) -> Registered:
        """Raises PasskeyRefused."""
        from webauthn import verify_registration_response  # noqa: PLC0415  see above

        try:
            made = verify_registration_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._party.host,
                expected_origin=self._party.origin,
            )
        except Exception as exc:  # whatever its parsers raise, it is no passkey
            raise PasskeyRefused from exc
        synced = made.credential_device_type.value == "multi_device"
        return Registered(made.credential_id, made.credential_public_key, made.sign_count, synced, made.user_verified)

    def assertion(
        self, credential: Mapping[str, Any], challenge: bytes, known: KnownCredential, *, verify_user: bool = False
    ) -> Asserted:
        """Raises PasskeyRefused. The counter is for the caller to compare: a regression has to be written down."""
        from webauthn import verify_authentication_response  # noqa: PLC0415  see above

        try:
            shown = verify_authentication_response(
                credential=dict(credential),
                expected_challenge=challenge,
                expected_rp_id=self._party.host,
                expected_origin=self._party.origin,
                credential_public_key=known.public_key,
                credential_current_sign_count=0,
                require_user_verification=verify_user,
            )
        except Exception as exc:  # as above
            raise PasskeyRefused from exc
        return Asserted(shown.new_sign_count, shown.user_verified)


def answered_challenge(credential: Mapping[str, Any]) -> bytes:
    """Return the challenge that it says to answer. Raises PasskeyRefused."""
    from webauthn.helpers import base64url_to_bytes, parse_client_data_json  # noqa: PLC0415  see above

    try:
        return parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"])).challenge
    except Exception as exc:  # as above
        raise PasskeyRefused from exc


def credential_id(credential: Mapping[str, Any]) -> bytes:
    """Return the id of the passkey that is shown. Raises PasskeyRefused."""
    from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415  see above

    try:
        return base64url_to_bytes(credential["rawId"])
    except Exception as exc:  # as above
        raise PasskeyRefused from exc


def claimed_user(credential: Mapping[str, Any]) -> bytes | None:
    """Return the user handle that the passkey was made for, as it says; none where it says nothing. Raises as above."""
    from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415  see above

    handle = credential["response"].get("userHandle")
    try:
        return base64url_to_bytes(handle) if handle is not None else None
    except Exception as exc:  # as above
        raise PasskeyRefused from exc


def known_transports(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of a browser's hints that we can give back."""
    return tuple(name for name in dict.fromkeys(names) if name in _TRANSPORTS)
