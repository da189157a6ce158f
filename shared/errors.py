"""Failures as named facts. Each has a permanent `code`; only shared/web/problem.py turns one into an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

INVALID_TOKEN = {"WWW-Authenticate": 'Bearer error="invalid_token"'}  # RFC 6750: it will never be good again


@dataclass(frozen=True, slots=True)
class Violation:
    """One place in the input that is at fault: a JSON Pointer (RFC 6901) or a parameter's name, and why."""

    pointer: str
    detail: str


class AppError(Exception):
    """A failure that a caller is told about. Subclasses set `code`, `status` (HTTP) and `title`.

    `detail` is shown to the caller, so it never holds a secret or a stack trace. `members` are added to the problem's
    document (RFC 9457, 3.2) for callers who know the code.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[str]
    registry: ClassVar[dict[str, type["AppError"]]] = {}

    def __init__(
        self, detail: str = "", *, errors: Sequence[Violation] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.members: dict[str, object] = {}

    @property
    def wait(self) -> int:
        """Seconds after which it is worth trying again; 0 where nobody knows."""
        after = self.headers.get("Retry-After", "")
        return int(after) if after.isdecimal() else 0

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        known = AppError.registry.get(cls.code)
        if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"error code {cls.code!r} is taken by {known.__name__}")
        AppError.registry[cls.code] = cls


class MalformedBody(AppError):
    code, status, title = "malformed_body", 400, "The request's body is malformed"


class InvalidParameter(AppError):
    code, status, title = "invalid_parameter", 400, "A path or query parameter is invalid"


class BadRequest(AppError):
    code, status, title = "bad_request", 400, "The request is malformed"


class Unauthenticated(AppError):
    code, status, title = "unauthenticated", 401, "Authentication is required"


class Forbidden(AppError):
    code, status, title = "forbidden", 403, "This is not allowed"


class SessionRequired(AppError):
    """The credential is good, and no session: an API key has no business with accounts, sessions and other keys."""

    code, status, title = "session_required", 403, "This needs a session, and an API key is none"


class InsufficientRole(AppError):
    """The session is good, and its owner not of those whom this is for."""

    code, status, title = "insufficient_role", 403, "This is for administrators"


class InsufficientUserAuthentication(AppError):
    """The session is good, but its owner has to prove anew, or better, who they are (RFC 9470).

    `acr` is the assurance that is asked for, empty where any will do; `max_age` is in seconds, 0 where any age will do.
    """

    code, status, title = "insufficient_user_authentication", 401, "Prove anew that it is you"

    def __init__(self, acr: str = "", max_age: int = 0) -> None:
        asked = ([f'acr_values="{acr}"'] if acr else []) + ([f'max_age="{max_age}"'] if max_age else [])
        challenge = ", ".join(['Bearer error="insufficient_user_authentication"', *asked])
        super().__init__("Step up, then ask again.", headers={"WWW-Authenticate": challenge})
        self.members = {"acr_values": acr, "max_age": max_age}


class NotFound(AppError):
    code, status, title = "not_found", 404, "There is nothing here"


class MethodNotAllowed(AppError):
    code, status, title = "method_not_allowed", 405, "The method is not allowed here"


class PreconditionFailed(AppError):
    code, status, title = "precondition_failed", 412, "The resource has changed meanwhile"


class BodyTooLarge(AppError):
    code, status, title = "body_too_large", 413, "The request's body is too large"


class UnsupportedMediaType(AppError):
    code, status, title = "unsupported_media_type", 415, "The content type is not supported"


class InternalError(AppError):
    code, status, title = "internal_error", 500, "Something went wrong on our side"


class Unavailable(AppError):
    """A dependency doesn't answer. `retry_after` is in seconds."""

    code, status, title = "unavailable", 503, "The service is temporarily unavailable"

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class ClocksDisagree(AppError):
    """A genuine assertion whose time is over, or hasn't come: a clock is wrong, or somebody was held up for long.

    No 401, for which clients would give up good tokens. And no Retry-After: gateways take it for a failing instance.
    """

    code, status, title = "clocks_disagree", 503, "The clocks of this installation disagree"


def describe(exc: BaseException) -> str:
    """Return what happened and, where that was raised from another failure, what was behind it. For operators only."""
    cause = exc.__cause__
    return f"{exc!r} from {cause!r}" if cause is not None else repr(exc)
