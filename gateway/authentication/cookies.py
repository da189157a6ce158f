"""The session cookie of a request, where it may count: a browser adds it to whatever any page has it send.

SameSite=Lax keeps it off most requests of foreign sites, but not off those of the same site's other hosts, nor off all
in old browsers. So what could change something must come from a page of our own origin, and must be able to show it.
"""

from multidict import MultiMapping

from gateway.authentication.errors import CrossSiteRequest, InvalidSession
from shared.web.cookies import SessionCookie
from shared.web.origins import origin_of, other_address

_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


def is_safe(method: str) -> bool:
    """Whether requests of this method change nothing (RFC 9110, 9.2.1)."""
    return method in _SAFE_METHODS


class Cookies:
    def __init__(self, public_url: str) -> None:
        self._cookie = SessionCookie.of(public_url)
        self._origin = origin_of(public_url)

    def is_sent(self, headers: MultiMapping[str]) -> bool:
        return bool(self._cookie.read(headers.getall("Cookie", ())))

    def read(self, headers: MultiMapping[str], *, safe: bool) -> str | None:
        """Return the session cookie's value; none if there is none.

        `safe`: a foreign page can do no harm by sending this, as it isn't let read the answer. A WebSocket's handshake
        is not safe. Raises InvalidSession for two, CrossSiteRequest.
        """
        values = self._cookie.read(headers.getall("Cookie", ()))
        if not values:
            return None
        if len(values) > 1:
            raise InvalidSession(f"there are {len(values)} cookies of the session's name")
        if not safe and not self._is_from_our_page(headers):
            raise CrossSiteRequest(other_address(self._origin))
        return values[0]

    def _is_from_our_page(self, headers: MultiMapping[str]) -> bool:
        """By Sec-Fetch-Site, which no page can set, or else by Origin; without either it can't be known."""
        sites = headers.getall("Sec-Fetch-Site", ())
        if sites:
            return list(sites) == ["same-origin"]
        return list(headers.getall("Origin", ())) == [self._origin]
