"""What an OpenID provider says about itself (OpenID Connect Discovery 1.0)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auth_service.providers.asking import Asking
from auth_service.providers.places import is_beside

_PATH = "/.well-known/openid-configuration"
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")  # of ID tokens; never none, nor one whose key is the client's secret


@dataclass(frozen=True, slots=True)
class Metadata:
    """`userinfo` may be empty. `algorithms`: those of ours that ID tokens may have. `tells_issuer` is RFC 9207's."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    algorithms: tuple[str, ...]
    secret_in_body: bool
    tells_issuer: bool


async def discover(asking: Asking, issuer: str) -> Metadata:
    """Raises Unavailable, also for a document that isn't this issuer's or leads somewhere we don't go."""
    told = await asking.get(issuer.rstrip("/") + _PATH)
    if not told.ok:
        raise asking.unusable("discovery", f"status {told.status}")
    try:
        return read_metadata(told.members, issuer)
    except ValueError as exc:
        raise asking.unusable("discovery", str(exc)) from exc


def read_metadata(document: Mapping[str, Any], issuer: str) -> Metadata:
    """Raises ValueError. The issuer must be the very text that the operator wrote (Discovery, 4.3)."""
    if document.get("issuer") != issuer:
        raise ValueError(f"it is of the issuer {document.get('issuer')!r}")
    announced = document.get("id_token_signing_alg_values_supported", ["RS256"])
    algorithms = tuple(each for each in ALGORITHMS if each in _list(announced))
    if not algorithms:
        raise ValueError(f"its ID tokens are signed by none of {', '.join(ALGORITHMS)}")
    methods = _list(document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]))
    return Metadata(
        authorization=_endpoint(document, "authorization_endpoint", issuer),
        token=_endpoint(document, "token_endpoint", issuer),
        keys=_endpoint(document, "jwks_uri", issuer),
        userinfo=_endpoint(document, "userinfo_endpoint", issuer) if "userinfo_endpoint" in document else "",
        algorithms=algorithms,
        secret_in_body="client_secret_basic" not in methods,
        tells_issuer=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(document: Mapping[str, Any], key: str, issuer: str) -> str:
    url = document.get(key)
    if not isinstance(url, str) or not is_beside(url, issuer):
        raise ValueError(f"its {key} is none that we go to: {url!r}")
    return url


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
