"""What travels about second factors: the shapes of requests and answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from auth_service.domain.factors import FactorKind, Overview, Passkey, Shown
from auth_service.domain.sessions import SessionKind
from auth_service.one_time_codes import Enrolment
from auth_service.service.passkeys import AddedPasskey
from auth_service.service.tokens import FreshToken
from shared.errors import MalformedBody

_Code = Annotated[str, Meta(max_length=64)]
_Text = Annotated[str, Meta(max_length=32_768)]  # base64url
_Id = Annotated[str, Meta(max_length=1400)]  # 1,023 bytes in base64url


class AssertionResponse(
    Struct,
    frozen=True,
    rename={
        "client_data_json": "clientDataJSON",
        "authenticator_data": "authenticatorData",
        "user_handle": "userHandle",
    },
):
    client_data_json: _Text
    authenticator_data: _Text
    signature: _Text
    user_handle: _Id | None = None


class PasskeyAssertion(Struct, frozen=True, rename="camel"):
    """What `PublicKeyCredential.toJSON()` returns after `navigator.credentials.get`. Browsers may add members."""

    id: _Id
    raw_id: _Id
    response: AssertionResponse
    type: Literal["public-key"] = "public-key"


class AttestationResponse(
    Struct, frozen=True, rename={"client_data_json": "clientDataJSON", "attestation_object": "attestationObject"}
):
    client_data_json: _Text
    attestation_object: _Text
    transports: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=16)] = []


class PasskeyAttestation(Struct, frozen=True, rename="camel"):
    """What `PublicKeyCredential.toJSON()` returns after `navigator.credentials.create`."""

    id: _Id
    raw_id: _Id
    response: AttestationResponse
    type: Literal["public-key"] = "public-key"


class SecondFactorRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """One of `code` (of an authenticator app), `recovery_code` and `passkey`."""

    pending_sign_in: _Code
    code: _Code | None = None
    recovery_code: _Code | None = None
    passkey: PasskeyAssertion | None = None


class PendingSignInRequest(Struct, frozen=True, forbid_unknown_fields=True):
    pending_sign_in: _Code


class PasskeySignInRequest(Struct, frozen=True, forbid_unknown_fields=True):
    passkey: PasskeyAssertion
    session: SessionKind = SessionKind.TOKEN


class StepUpRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the four; a password only where the account has no second factor."""

    password: str | None = None
    code: _Code | None = None
    recovery_code: _Code | None = None
    passkey: PasskeyAssertion | None = None


class StepUpAnswer(Struct, frozen=True, omit_defaults=True):
    """A token session's next access token. A browser's session has none, and is renewed all the same."""

    access_token: str | UnsetType = UNSET
    expires_in: int | UnsetType = UNSET
    token_type: Literal["Bearer"] | UnsetType = UNSET


class PasskeyOptions(Struct, frozen=True):
    """What `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` takes."""

    options: dict[str, Any]


class TotpView(Struct, frozen=True):
    created_at: datetime
    last_used_at: datetime | None


class PasskeyView(Struct, frozen=True):
    """`synced`: its owner's other devices may have it too."""

    id: UUID
    name: str
    synced: bool
    created_at: datetime
    last_used_at: datetime | None


class FactorsView(Struct, frozen=True):
    """`second_factor`: whether signing in asks for one; `required`: whether the account has to have one."""

    second_factor: bool
    required: bool
    has_password: bool
    totp: TotpView | None
    passkeys: list[PasskeyView]
    recovery_codes_left: int


class EnrolmentView(Struct, frozen=True):
    """`qr_code` is an SVG picture of `uri`; `secret` is for typing, in base32."""

    secret: str
    uri: str
    qr_code: str


class ConfirmationRequest(Struct, frozen=True, forbid_unknown_fields=True):
    code: _Code


class RecoveryCodesView(Struct, frozen=True):
    """Told this once. Null where the account has unused ones already, which go on."""

    recovery_codes: list[str] | None


class NewPasskeyRequest(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=1000)]
    credential: PasskeyAttestation


class PasskeyChange(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=1000)]


class NewPasskeyView(Struct, frozen=True):
    """`recovery_codes` as after confirming an authenticator app."""

    passkey: PasskeyView
    recovery_codes: list[str] | None


def shown_in(body: SecondFactorRequest | StepUpRequest) -> Shown:
    """Return the one factor that is shown. Raises MalformedBody for none or several."""
    given = [each for each in (body.code, body.recovery_code, body.passkey) if each is not None]
    if len(given) != 1 or (isinstance(body, StepUpRequest) and body.password is not None):
        names = ", ".join(kind for kind in ("code", *FactorKind) if kind != FactorKind.TOTP)
        raise MalformedBody(f"Show exactly one of {names}.")
    return Shown(body.code, body.recovery_code, credential_in(body.passkey) if body.passkey is not None else None)


def credential_in(passkey: PasskeyAssertion | PasskeyAttestation) -> Mapping[str, Any]:
    credential: Mapping[str, Any] = to_builtins(passkey)
    return credential


def present_passkey(passkey: Passkey) -> PasskeyView:
    return PasskeyView(passkey.passkey_id, passkey.name, passkey.synced, passkey.created_at, passkey.last_used_at)


def present_added_passkey(added: AddedPasskey) -> NewPasskeyView:
    return NewPasskeyView(present_passkey(added.passkey), added.recovery_codes)


def present_factors(overview: Overview, *, required: bool) -> FactorsView:
    since = overview.totp_since
    return FactorsView(
        second_factor=overview.has_second_factor,
        required=required,
        has_password=overview.has_password,
        totp=TotpView(since, overview.totp_last_used_at) if since is not None else None,
        passkeys=[present_passkey(each) for each in overview.passkeys],
        recovery_codes_left=overview.recovery_codes_left,
    )


def present_enrolment(enrolment: Enrolment) -> EnrolmentView:
    return EnrolmentView(enrolment.secret, enrolment.uri, enrolment.picture)


def present_step_up(token: FreshToken | None) -> StepUpAnswer:
    return StepUpAnswer() if token is None else StepUpAnswer(token.access_token, token.expires_in, "Bearer")
