"""What travels where a second factor is added to sign in: the shapes of requests and answers."""

from typing import Annotated

from msgspec import Meta, Struct

from auth_service.messages.accounts import SignInAnswer
from auth_service.messages.factors import PasskeyAttestation

_Token = Annotated[str, Meta(max_length=64)]


class EnrolmentConfirmation(Struct, frozen=True, forbid_unknown_fields=True):
    """`code` is of the authenticator app that was begun."""

    pending_sign_in: _Token
    code: _Token


class PasskeyEnrolment(Struct, frozen=True, forbid_unknown_fields=True):
    pending_sign_in: _Token
    name: Annotated[str, Meta(max_length=1000)]
    credential: PasskeyAttestation


class EnrolledAnswer(SignInAnswer, frozen=True, omit_defaults=True):
    """As after signing in. `recovery_codes` are told this once."""

    recovery_codes: list[str] | None = None


def present_enrolled(answer: SignInAnswer, recovery_codes: list[str] | None) -> EnrolledAnswer:
    return EnrolledAnswer(
        answer.user_id,
        answer.access_token,
        answer.expires_in,
        answer.refresh_token,
        answer.token_type,
        recovery_codes,
    )
