"""The gateway's own failures. What a service answers, its own failures included, passes through unchanged."""

from shared.errors import AppError


def proxy_status(error: str) -> dict[str, str]:
    """Return the Proxy-Status header (RFC 9209) for one of its registered error types."""
    return {"Proxy-Status": f"colonnade; error={error}"}


def proxy_error(error: AppError) -> str:
    """Return the type that it has in its Proxy-Status header; the code of one that has none."""
    return error.headers.get("Proxy-Status", "").rpartition("error=")[2] or error.code


def _in_words(seconds: int) -> str:
    """Return a wait as a person takes it in, rounded up: "45 seconds", "62 minutes", "25 hours"."""
    for size, unit in ((3600, "hour"), (60, "minute")):
        if seconds > 2 * size:
            return f"{-(-seconds // size)} {unit}s"
    return f"{seconds} seconds" if seconds > 1 else "a second"


class BadGateway(AppError):
    """The upstream broke HTTP or went away; `error` is a type of RFC 9209, section 2.3."""

    code, status, title = "bad_gateway", 502, "A service behind the gateway gave no valid answer"

    def __init__(self, error: str) -> None:
        super().__init__(headers=proxy_status(error))


class UpstreamUnavailable(AppError):
    """Nothing was sent, so any request may be repeated."""

    code, status, title = "upstream_unavailable", 503, "A service behind the gateway can't be reached"

    def __init__(self, error: str) -> None:
        super().__init__(headers=proxy_status(error) | {"Retry-After": "1"})


class UpstreamTimeout(AppError):
    code, status, title = "upstream_timeout", 504, "A service behind the gateway took too long to answer"

    def __init__(self, error: str) -> None:
        super().__init__(headers=proxy_status(error))


class RequestTimeout(AppError):
    code, status, title = "request_timeout", 408, "The request's body arrived too slowly"


class HeadTooLarge(AppError):
    code, status, title = "head_too_large", 431, "The request's headers are too large"


class MethodNotImplemented(AppError):
    code, status, title = "method_not_implemented", 501, "The method is not known"


class VersionNotSupported(AppError):
    code, status, title = "version_not_supported", 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here"


class ExpectationFailed(AppError):
    code, status, title = "expectation_failed", 417, "Only 100-continue may be expected"


class RateLimited(AppError):
    """`detail` says in words how long to wait, `Retry-After` in seconds."""

    code, status, title = "rate_limited", 429, "Too many requests"

    def __init__(self, seconds: int) -> None:
        self._seconds = max(1, seconds)
        super().__init__(f"Try again in {_in_words(self._seconds)}.")

    @property
    def wait(self) -> int:
        return self._seconds


class TooManyAtOnce(AppError):
    """Not about the rate: about how much of the services one caller holds in the same moment."""

    code, status, title = "too_many_at_once", 429, "Too many of your requests are being answered at this moment"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class BadHost(AppError):
    code, status, title = "bad_host", 400, "The Host header is missing or malformed"


class AnswerTimeout(AppError):
    """Never told, only logged: its client wouldn't read."""

    code, status, title = "answer_timeout", 408, "The answer was taken too slowly"


class UpgradeRequired(AppError):
    code, status, title = "upgrade_required", 426, "Only WebSocket handshakes of version 13 are taken here"

    def __init__(self) -> None:
        super().__init__(headers={"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"})


class BadHandshake(AppError):
    code, status, title = "bad_handshake", 400, "The WebSocket handshake is malformed"


class ForeignOrigin(AppError):
    code, status, title = "foreign_origin", 403, "Pages of this origin may not open WebSockets here"


class NotCached(AppError):
    """The request asked for nothing but what is kept (RFC 9111, 5.2.1.7)."""

    code, status, title = "not_cached", 504, "There is no kept answer that could be given"

    def __init__(self) -> None:
        super().__init__(headers={"Cache-Status": "colonnade; fwd=request; detail=only-if-cached"})
