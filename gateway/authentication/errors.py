"""Why a request isn't let in (RFC 6750)."""

from shared.errors import AppError, Unauthenticated


class InvalidToken(AppError):
    """One answer for every flaw: what exactly is wrong helps nobody but an attacker."""

    code, status, title = "invalid_token", 401, "The access token is malformed, expired or revoked"

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def missing_token() -> Unauthenticated:
    return Unauthenticated("Sign in first.", headers={"WWW-Authenticate": "Bearer"})
