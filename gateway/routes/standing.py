"""How well and how lately whoever asks must have proved who they are (RFC 9470): `acr` and `max_age` of a route."""

from gateway.routes.fields import Fields
from gateway.routes.model import ANY_ACR, Route

KEYS = frozenset({"acr", "max_age"})
_LEVELS = frozenset({ANY_ACR, "aal2"})
_LONGEST_AGE = 90 * 24 * 3600  # seconds: no session lives longer


def read_acr(fields: Fields) -> str:
    return fields.choice("acr", _LEVELS) if "acr" in fields else ANY_ACR


def read_max_age(fields: Fields) -> int:
    """Return seconds; 0 where any age will do."""
    return fields.integer("max_age", 0, range(_LONGEST_AGE + 1))


def check_standing(route: Route, fields: Fields) -> None:
    """Nobody and no API key has proved anything, so such a route would let in nobody, or anybody."""
    asks = route.acr != ANY_ACR or route.max_age > 0
    if asks and (route.auth in ("public", "optional") or route.auth.startswith("scope:")):
        key = "acr" if route.acr != ANY_ACR else "max_age"
        fields.mistake(key, f"{key} is for routes that ask for a session: auth = session, user or role:NAME")
