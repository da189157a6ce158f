"""Routes that the second host has, FILES_PUBLIC_URL's: what anybody may read, and nothing that knows of people."""

from gateway.routes.fields import Fields
from gateway.routes.model import LOCAL, Host, Route

_HOSTS: dict[str, Host] = {"public": "public", "content": "content"}


def read_host(fields: Fields) -> Host:
    return _HOSTS.get(fields.choice("host", _HOSTS), "public") if "host" in fields else "public"


def check_host(route: Route, fields: Fields) -> None:
    """What such a route serves was made by somebody, so it must not be near anybody's session."""
    if route.host == "public":
        return
    if route.auth not in ("public", ""):
        fields.mistake("host", 'host = "content" is for public routes: nobody is signed in there')
    if route.pass_credentials:
        fields.mistake("host", 'a route with host = "content" can\'t have pass_credentials')
    if route.methods and route.methods != {"GET", "HEAD"}:
        fields.mistake("host", 'a route with host = "content" takes GET alone')
    if route.websocket or route.upstream == LOCAL:
        fields.mistake("host", 'neither websockets nor the gateway\'s own pages can have host = "content"')
