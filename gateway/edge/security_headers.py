"""What every answer tells browsers not to do. A service that sets one of these itself keeps its own."""

from collections.abc import Iterable, MutableMapping

Header = tuple[str, str]

# For data: nothing in an answer may run, load or be framed. Pages may load what this origin serves, and nothing inline.
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HSTS: Header = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")


def _composed(policy: str, *, https: bool) -> tuple[Header, ...]:
    always = (
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    )
    return (*always, _HSTS) if https else always


_SETS = {
    (html, https): _composed(_PAGE_POLICY if html else _DATA_POLICY, https=https)
    for html in (True, False)
    for https in (True, False)
}


def security_headers(*, html: bool, https: bool) -> tuple[Header, ...]:
    """`https`: whether PUBLIC_URL is https; HSTS is a promise that a plain-http installation could not keep."""
    return _SETS[html, https]


def of_304(headers: Iterable[Header]) -> tuple[Header, ...]:
    """Leave the policy out: a 304 doesn't tell which one the answer had that the client keeps, and would replace it.

    RFC 9111, section 3.2.
    """
    return tuple(header for header in headers if header[0] != "Content-Security-Policy")


def add_missing(headers: MutableMapping[str, str], extra: Iterable[Header]) -> None:
    """Set each of `extra` that `headers` (case-insensitive, such as a CIMultiDict) doesn't have yet."""
    for name, value in extra:
        if name not in headers:
            headers[name] = value
