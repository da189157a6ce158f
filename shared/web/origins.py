"""Web origins (RFC 6454)."""

from ipaddress import ip_address
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def origin_of(url: str) -> str:
    """Return the origin of an http or https URL as browsers write it: lower case, without the default port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_DEFAULT_PORTS.get(parts.scheme, ' '))}"


def other_address(origin: str) -> str:
    """Return what helps whoever sees a page of ours refused: it was opened at an address that PUBLIC_URL isn't."""
    return f"Pages of this site are at {origin}. To have them elsewhere, its operator sets PUBLIC_URL to that address."


def takes_passkeys(url: str) -> bool:
    """Tell whether browsers make and use passkeys there: at a name, never an address, and over https or at localhost
    (Web Authentication level 3, 5.1.3; Secure Contexts, 3.1).
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    try:
        ip_address(host)
    except ValueError:
        return parts.scheme == "https" or f".{host}".endswith(".localhost")
    return False
