"""Which URLs we ask at all: those that the operator wrote, and what is found there of the same kind."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult, urlencode, urlsplit

_LONGEST = 2048  # characters


def is_safe_place(url: str) -> bool:
    """Tell whether it is an https URL, or an http one on this very machine, without anything that hides where it leads.

    What is sent there is secret, and what comes back is believed.
    """
    parts = _split(url)
    if parts is None or not parts.hostname or parts.username is not None or parts.password is not None:
        return False
    if parts.fragment or not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def is_beside(url: str, issuer: str) -> bool:
    """Tell whether an endpoint may belong to the issuer: a safe place, and this machine's only for an issuer on it.

    So the document of an issuer elsewhere can't have us speak to what listens on our loopback.
    """
    here, there = _split(url), _split(issuer)
    if here is None or there is None or not is_safe_place(url):
        return False
    return here.scheme == there.scheme and (is_loopback(there.hostname or "") or not is_loopback(here.hostname or ""))


def with_query(endpoint: str, parameters: Mapping[str, str]) -> str:
    """Return the address with the parameters behind those that it may have already (RFC 6749, 3.1)."""
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        valid = len(url) <= _LONGEST and parts.port != 0
    except ValueError:
        return None
    return parts if valid else None
