"""What can go wrong with an account or a session, each under its permanent code."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.errors import INVALID_TOKEN, AppError, Unauthenticated, Violation


class InvalidEmail(AppError):
    code, status, title = "invalid_email", 422, "This is not an email address"


class WeakPassword(AppError):
    """`rule` says which one it breaks: too_short, too_long, common or context."""

    code, status, title = "weak_password", 422, "This password is not acceptable"

    def __init__(self, rule: str, explanation: str, pointer: str) -> None:
        super().__init__(f"This password {explanation}.", errors=[Violation(pointer, explanation)])
        self.members = {"rule": rule}


class EmailTaken(AppError):
    code, status, title = "email_taken", 409, "This email address is registered already"

    def __init__(self, *, reserved: bool = False) -> None:
        """`reserved`: no account has it, but one was changed away from it and can still be changed back."""
        super().__init__()
        self.reserved = reserved


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


class SessionRevoked(Unauthenticated):
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


class SecondFactorEnrolmentRequired(SecondFactorRequired):
    """The first factor was right and the account has no second, which it has to have here: `pending_sign_in` adds one
    of `factors`, and finishes the sign-in, at /v1/auth/login/enrolment.
    """

    code, status, title = "second_factor_enrolment_required", 403, "A second factor has to be added to sign in"


class InvalidPendingSignIn(AppError):
    code, status, title = "invalid_pending_sign_in", 401, "This sign-in has expired, or was tried too often"

    def __init__(self) -> None:
        super().__init__("Sign in again.")


class WrongSecondFactor(AppError):
    """Says the same for a wrong code, a used one, and a factor that the account doesn't have."""

    code, status, title = "wrong_second_factor", 403, "The code is wrong, or was used before"


class PasskeyRefused(AppError):
    code, status, title = "passkey_refused", 403, "This passkey, or what it signed, is not accepted"

    def __init__(self, detail: str = "", *, is_guess: bool = True) -> None:
        """`is_guess`: not where it answers no open question, so that nothing of it was looked at."""
        super().__init__(detail)
        self.is_guess = is_guess


class InvalidPasskeyName(AppError):
    code, status, title = "invalid_passkey_name", 422, "This can't be a passkey's name"


class TooManyPasskeys(AppError):
    code, status, title = "too_many_passkeys", 409, "This account has as many passkeys as it can have"


class FactorExists(AppError):
    code, status, title = "factor_exists", 409, "The account has this factor already"


class LastSecondFactor(AppError):
    """Where the account has to have one."""

    code, status, title = "last_second_factor", 409, "A second factor is required here, and this is the last one"

    def __init__(self) -> None:
        super().__init__("Add another one first.")


class NoSecondFactor(AppError):
    """Recovery codes stand in for a factor, so there must be one."""

    code, status, title = "no_second_factor", 409, "The account has no second factor"


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


class TooManyMails(AppError):
    """Of those that this account has had sent to others. Who may be anybody isn't told: there, nothing is sent."""

    code, status, title = "too_many_mails", 429, "Too many mails were asked for"

    def __init__(self, wait: timedelta) -> None:
        super().__init__("Follow the link in one of them, or try again later.", headers=_retry_after(wait))


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


class InvalidSignInFlow(AppError):
    """Says the same for a state that is unknown, expired, used before, another provider's or another browser's."""

    code, status, title = "invalid_sign_in_flow", 400, "This sign-in can't be finished: start it again"


class ProviderRefused(AppError):
    """The provider's own word: the person declined, or it takes the answer for no good one."""

    code, status, title = "provider_refused", 403, "The provider didn't sign you in"


class ProviderDistrusted(AppError):
    """What the provider says can't be relied on: not its signature, not for us, not for this sign-in, or too old."""

    code, status, title = "provider_distrusted", 403, "The provider's answer can't be relied on"


class ProviderEmailMissing(AppError):
    code, status, title = "provider_email_missing", 403, "The provider tells no email address, and an account needs one"


class ProviderEmailUnverified(AppError):
    code, status, title = "provider_email_unverified", 403, "The provider hasn't verified your email address"


class LinkRequired(AppError):
    code, status, title = "link_required", 409, "There is an account with this email address already"

    def __init__(self) -> None:
        super().__init__("Sign in to it as you did before, and link the provider to it there.")


class LinkNeedsVerifiedEmail(AppError):
    """Whoever registered somebody else's address must not leave a way in of their own behind for its owner to find."""

    code, status, title = "link_needs_verified_email", 409, "Verify your email address before you link another"


class IdentityTaken(AppError):
    code, status, title = "identity_taken", 409, "Another account is linked to this identity"


class TooManyIdentities(AppError):
    code, status, title = "too_many_identities", 409, "This account has as many linked identities as it can have"


class LastWayIn(AppError):
    code, status, title = "last_way_in", 409, "Nobody could sign in to this account any more"


class InvalidRedirectUri(AppError):
    code, status, title = "invalid_redirect_uri", 422, "This is not one of the addresses that apps are reached at"


class InvalidSignInCode(AppError):
    """Says the same for a code that is unknown, expired or used before, and for a wrong verifier."""

    code, status, title = "invalid_sign_in_code", 400, "This sign-in code is not good"


class AccountBanned(AppError):
    """Told only to who proved that the account is theirs: `reason` and `banned_until`, null where it has no end."""

    code, status, title = "account_banned", 403, "This account is banned"

    def __init__(self, reason: str, until: datetime | None) -> None:
        super().__init__(reason)
        self.members = {"reason": reason, "banned_until": until.isoformat() if until is not None else None}


class InvalidRole(AppError):
    code, status, title = "invalid_role", 422, "This can't be a role's name"


class InvalidBan(AppError):
    code, status, title = "invalid_ban", 422, "Nobody can be banned like this"


class LastAdministrator(AppError):
    code, status, title = "last_administrator", 409, "Nobody else would be an administrator"

    def __init__(self) -> None:
        super().__init__("Make somebody else an administrator first.")


def _retry_after(wait: timedelta) -> dict[str, str]:
    """Whole seconds, at least one."""
    return {"Retry-After": str(max(1, math.ceil(wait.total_seconds())))}
