"""Why a request isn't let in (RFC 6750)."""

from shared.errors import AppError, Unauthenticated


class InvalidToken(AppError):
    """One answer for every flaw: what exactly is wrong helps nobody but an attacker. `flaw` is for operators alone.

    `detail` is told to who sends it in another form than a token is sent in.
    """

    code, status, title = "invalid_token", 401, "The access token or API key is malformed, expired or revoked"

    def __init__(self, flaw: str = "", detail: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        self.flaw = flaw


class InvalidSession(AppError):
    """Of a cookie, as InvalidToken is of what Authorization holds."""

    code, status, title = "invalid_session", 401, "The session has ended, or its cookie is malformed"

    def __init__(self, flaw: str = "") -> None:
        super().__init__("Sign in again.", headers={"WWW-Authenticate": "Bearer"})
        self.flaw = flaw


class CrossSiteRequest(AppError):
    """A browser sent the cookie, and nothing shows that one of our own pages wanted it to."""

    code, status, title = "cross_site_request", 403, "With a session's cookie this takes a page of this very site"


class InsufficientScope(AppError):
    """The credential is good, and lacks the scope or the role that the route asks for."""

    code, status, title = "insufficient_scope", 403, "The credential doesn't allow this"

    def __init__(self, grant: str) -> None:
        kind, _, name = grant.partition(":")
        scope = f', scope="{name}"' if kind == "scope" else ""
        super().__init__(
            f"This needs the {kind} {name}.", headers={"WWW-Authenticate": f'Bearer error="insufficient_scope"{scope}'}
        )


def missing_token() -> Unauthenticated:
    return Unauthenticated("Sign in first.", headers={"WWW-Authenticate": "Bearer"})
