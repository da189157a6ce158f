"""What can go wrong with an account or a session, each under its permanent code."""

import math
from collections.abc import Sequence
from datetime import timedelta

from shared.errors import INVALID_TOKEN, AppError


class InvalidEmail(AppError):
    code, status, title = "invalid_email", 422, "This is not an email address"


class WeakPassword(AppError):
    code, status, title = "weak_password", 422, "This password is not acceptable"


class EmailTaken(AppError):
    code, status, title = "email_taken", 409, "This email address is registered already"


class InvalidCredentials(AppError):
    """Says the same for an unknown address and for a wrong password."""

    code, status, title = "invalid_credentials", 401, "The email address or the password is wrong"


class WrongPassword(AppError):
    """403 and not 401: the session is fine, and no client should drop it."""

    code, status, title = "wrong_password", 403, "The current password is wrong"


class TooManyAttempts(AppError):
    code, status, title = "too_many_attempts", 429, "Too many wrong passwords"

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Try again later; a right password doesn't help until then.", headers=_retry_after(wait))


class TooManyRefreshes(AppError):
    code, status, title = "too_many_refreshes", 429, "This session is refreshed too often"

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Use the access token until it expires.", headers=_retry_after(wait))


class InvalidRefreshToken(AppError):
    code, status, title = "invalid_refresh_token", 401, "This is not a refresh token of ours"

    def __init__(self) -> None:
        super().__init__(headers=INVALID_TOKEN)


class SessionRevoked(AppError):
    """`detail` tells the person why, and the member `reason` tells programs."""

    code, status, title = "session_revoked", 401, "This session was ended"

    def __init__(self, detail: str, reason: str) -> None:
        super().__init__(detail, headers=INVALID_TOKEN)
        self.members["reason"] = reason


class SessionExpired(AppError):
    code, status, title = "session_expired", 401, "This session has expired"

    def __init__(self) -> None:
        super().__init__("Sign in again.", headers=INVALID_TOKEN)


class SecondFactorRequired(AppError):
    """The first factor was right: `pending_sign_in` and one of `factors` finish it at /v1/auth/login/second-factor."""

    code, status, title = "second_factor_required", 403, "A second factor is needed to sign in"

    def __init__(self, pending_sign_in: str, factors: Sequence[str]) -> None:
        super().__init__()
        self.members = {"pending_sign_in": pending_sign_in, "factors": list(factors)}


class InvalidPendingSignIn(AppError):
    code, status, title = "invalid_pending_sign_in", 401, "This sign-in has expired, or was tried too often"

    def __init__(self) -> None:
        super().__init__("Sign in again.")


class WrongSecondFactor(AppError):
    """Says the same for a wrong code, a used one, and a factor that the account doesn't have."""

    code, status, title = "wrong_second_factor", 403, "The code is wrong, or was used before"


class PasskeyRefused(AppError):
    code, status, title = "passkey_refused", 403, "This passkey, or what it signed, is not accepted"


class InvalidPasskeyName(AppError):
    code, status, title = "invalid_passkey_name", 422, "This can't be a passkey's name"


class TooManyPasskeys(AppError):
    code, status, title = "too_many_passkeys", 409, "This account has as many passkeys as it can have"


class FactorExists(AppError):
    code, status, title = "factor_exists", 409, "The account has this factor already"


class NoSecondFactor(AppError):
    """Recovery codes stand in for a factor, so there must be one."""

    code, status, title = "no_second_factor", 409, "The account has no second factor"


class LastWayIn(AppError):
    code, status, title = "last_way_in", 409, "Nobody could sign in to this account any more"


class EmailNotVerified(AppError):
    """Told only to who has shown right credentials."""

    code, status, title = "email_not_verified", 403, "This email address isn't confirmed yet"

    def __init__(self) -> None:
        super().__init__("Follow the link in the mail that was sent to it, or ask for another.")


class InvalidLink(AppError):
    """Says the same for one that never was, was used, has expired, or belongs to an address of the past."""

    code, status, title = "invalid_link", 422, "This link is no longer good"

    def __init__(self) -> None:
        super().__init__(
            "It is good once, for a limited time, and for the address that it was sent to. Ask for another."
        )


class InvalidMailCode(AppError):
    code, status, title = "invalid_mail_code", 401, "This code is wrong, was used or has expired"


class InvalidKeyName(AppError):
    code, status, title = "invalid_key_name", 422, "This can't be an API key's name"


class InvalidScope(AppError):
    code, status, title = "invalid_scope", 422, "This is not a scope"


class InvalidKeyExpiry(AppError):
    code, status, title = "invalid_key_expiry", 422, "An API key can't expire then"


class TooManyApiKeys(AppError):
    code, status, title = "too_many_api_keys", 409, "This account has as many API keys as it can have"


def _retry_after(wait: timedelta) -> dict[str, str]:
    """Whole seconds, at least one."""
    return {"Retry-After": str(max(1, math.ceil(wait.total_seconds())))}
