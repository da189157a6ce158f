"""The scopes that routes ask API keys for, told in a service's OpenAPI document, as it doesn't know them. Pure."""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Policy = Callable[[str, str], str]  # `auth` of the route that a method and a path go by; empty where there is none

_KIND = "scope:"
_REFUSED = "`insufficient_scope`: The credential doesn't allow this"


def tell_scopes(document: Json, policy: Policy) -> Json:
    """Return the document with what its paths' routes ask for; itself it stays as it is."""
    paths = {
        path: {method: _told(operation, policy(method.upper(), path)) for method, operation in item.items()}
        for path, item in document.get("paths", {}).items()
    }
    return {**document, "paths": paths}


def _told(operation: Json, auth: str) -> Json:
    if not auth.startswith(_KIND):
        return operation
    scope = auth.removeprefix(_KIND)
    before = f"{operation['description']}\n\n" if "description" in operation else ""
    return {
        **operation,
        "description": f"{before}An API key needs the scope `{scope}`.",
        "security": [{"bearer": [scope]}, {"session": []}],
        "responses": _refused(operation.get("responses", {})),
    }


def _refused(responses: Json) -> Json:
    """Return the responses with that of a key without the scope, which looks as any other failure does."""
    known = responses.get("403", {**responses.get("default", {}), "description": ""})
    before = f"{known['description']}; " if known["description"] else ""
    return {**responses, "403": {**known, "description": before + _REFUSED}}
