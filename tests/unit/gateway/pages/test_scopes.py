"""What a route asks of an API key stands in the API's description."""

from typing import Any

from gateway.authentication.errors import InsufficientScope
from gateway.pages.scopes import tell_scopes
from shared.web.openapi import openapi_document
from tests.unit.shared.web.small_service import ROUTES

DOCUMENT = openapi_document("Things", ROUTES)


def told(auth: str) -> dict[str, Any]:
    operation: dict[str, Any] = tell_scopes(DOCUMENT, lambda _method, _path: auth)["paths"]["/v1/things"]["get"]
    return operation


def test_scope_is_told_to_people_and_programs() -> None:
    operation = told("scope:things:read")
    assert operation["security"] == [{"bearer": ["things:read"]}, {"session": []}]
    assert operation["description"] == "Newest last.\n\nAn API key needs the scope `things:read`."
    refused = operation["responses"]["403"]
    assert f"`{InsufficientScope.code}`: {InsufficientScope.title}" in refused["description"]
    assert refused["content"] == operation["responses"]["default"]["content"]


def test_failures_of_the_same_status_stay_told() -> None:
    before = {"403": {"description": "`other`: Other", "content": {}}, "default": {"description": "x", "content": {}}}
    document = {"paths": {"/a": {"get": {"security": [{"bearer": []}], "responses": before}}}}
    operation = tell_scopes(document, lambda _method, _path: "scope:a")["paths"]["/a"]["get"]
    assert operation["responses"]["403"]["description"].startswith("`other`: Other; `insufficient_scope`: ")
    assert operation["description"] == "An API key needs the scope `a`."


def test_route_that_asks_for_no_scope_changes_nothing() -> None:
    for auth in ("public", "user", "role:admin", ""):
        assert told(auth) == DOCUMENT["paths"]["/v1/things"]["get"]
