"""What a request must be like before anything in it is looked at (RFC 9112), beyond what the parser has refused."""

import re
from ipaddress import AddressValueError, IPv6Address

from gateway.downstream.request import Head
from gateway.errors import BadHost, VersionNotSupported
from shared.errors import BadRequest, MethodNotAllowed

_VERSIONS = frozenset(((1, 1), (1, 0)))
_HOST = re.compile(r"[A-Za-z0-9._~-]+(?::[0-9]{1,5})?|\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")
_NEVER = frozenset(("TRACE", "CONNECT"))
_ALLOW = {"Allow": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"}


def target_of(head: Head) -> tuple[str, str]:
    """Return the raw path and the query with its `?`. Raises an AppError for what nobody should ask of us."""
    if head.version not in _VERSIONS:
        raise VersionNotSupported
    if head.method in _NEVER:
        raise MethodNotAllowed(headers=_ALLOW)
    check_host(head)
    return split_target(head)


def split_target(head: Head) -> tuple[str, str]:
    """Return the same, where all but the target has been looked at already."""
    path, mark, query = head.path.partition("?")
    if not path.startswith("/"):  # absolute-form, or the asterisk
        raise BadRequest("The request target must be an absolute path.")
    if "#" in query:
        raise BadRequest("The request target holds a fragment.")
    return path, mark + query


def check_host(head: Head) -> None:
    """Exactly one, and well-formed; what it says is believed by nobody: PUBLIC_URL is our name."""
    hosts = head.headers.getall("Host", ())
    host = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if host is None:
        raise BadHost
    if host[1] is not None:  # in brackets
        _check_ipv6(host[1])


def _check_ipv6(address: str) -> None:
    try:
        IPv6Address(address)
    except AddressValueError as exc:
        raise BadHost from exc
