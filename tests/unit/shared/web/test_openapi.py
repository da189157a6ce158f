"""The document is whole, true to the table, and what is answered is what it says."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from shared import VERSION
from shared.web.openapi import openapi_document
from shared.web.routes import Route
from tests.unit.shared.web.small_service import ROUTES, THING_ID, SmallService

DOCUMENT = openapi_document("Things", ROUTES)
SCHEMAS = DOCUMENT["components"]["schemas"]


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def test_every_reference_resolves_and_every_schema_is_referred_to() -> None:
    found = {reference.removeprefix("#/components/schemas/") for reference in references(DOCUMENT)}
    assert found == set(SCHEMAS)
    assert {"Problem", "ProblemError", "NewThing", "Thing", "Colour", "Page_Thing_", "Note", "Told"} == found


def test_every_route_is_documented_once() -> None:
    documented = {(method, path) for path, item in DOCUMENT["paths"].items() for method in item}
    assert documented == {(route.method.lower(), route.path) for route in ROUTES}
    ids = [item[method]["operationId"] for item in DOCUMENT["paths"].values() for method in item]
    assert len(ids) == len(set(ids)) == len(ROUTES)


def test_document_is_of_the_version_that_it_says() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["info"] == {"title": "Things", "version": VERSION}
    for item in DOCUMENT["paths"].values():
        for each in item.values():
            assert each["responses"]
            assert all(response["description"] for response in each["responses"].values())
            assert all({"name", "in", "required", "schema"} == set(each) for each in each["parameters"])


def test_docstring_gives_summary_and_description() -> None:
    assert operation("GET", "/v1/things")["summary"] == "List things"
    assert operation("GET", "/v1/things")["description"] == "Newest last."
    assert operation("POST", "/v1/things")["summary"] == "Create thing"


def test_summary_is_plain_text() -> None:
    """Readers show no markup in it, as they do in a description."""

    async def show(_request: web.Request) -> None:
        """Show things; `?all=true` all of them."""

    document = openapi_document("Things", [Route("GET", "/v1/things", show)])
    assert document["paths"]["/v1/things"]["get"]["summary"] == "Show things; ?all=true all of them"


def test_example_stands_beside_the_schema_where_the_table_has_one() -> None:
    content = operation("POST", "/v1/things")["requestBody"]["content"]
    assert [media["example"] for media in content.values()] == [{"name": "pump"}] * len(content)


def test_parameters_follow_from_path_query_and_table() -> None:
    listed = {each["name"]: each for each in operation("GET", "/v1/things")["parameters"]}
    assert set(listed) == {"limit", "cursor", "colour", "near"}
    assert listed["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    (by_path,) = operation("GET", "/v1/things/{thing_id}")["parameters"]
    assert (by_path["in"], by_path["required"], by_path["schema"]["format"]) == ("path", True, "uuid")
    (key,) = operation("POST", "/v1/things")["parameters"]
    assert (key["name"], key["in"]) == ("Idempotency-Key", "header")


def test_bodies_follow_from_annotations() -> None:
    body = operation("POST", "/v1/things")["requestBody"]
    assert body["required"]
    assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/NewThing"}
    assert not operation("POST", "/v1/notes")["requestBody"]["required"]
    assert "requestBody" not in operation("GET", "/v1/things")


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("GET", "/v1/things", {"200", "400", "401", "503"}),
        ("POST", "/v1/things", {"201", "400", "401", "409", "413", "415", "422", "503"}),
        ("GET", "/v1/things/{thing_id}", {"200", "401", "404", "503"}),
        ("DELETE", "/v1/things/{thing_id}", {"204", "401", "404", "409", "503"}),
        ("GET", "/v1/greeting", {"200", "503"}),
        ("GET", "/v1/programs", {"200", "401", "403", "503"}),
    ],
)
def test_responses_name_every_failure_by_its_code(method: str, path: str, statuses: set[str]) -> None:
    assert set(operation(method, path)["responses"]) == statuses | {"default"}
    if "409" in statuses:
        assert "`thing_locked`" in operation(method, path)["responses"]["409"]["description"]


def test_only_what_needs_a_person_asks_for_a_token() -> None:
    assert operation("GET", "/v1/things")["security"] == [{"bearer": []}, {"session": []}]
    assert operation("POST", "/v1/leaving")["security"] == [{"bearer": []}, {"session": []}]
    assert "`session_required`" in operation("POST", "/v1/leaving")["responses"]["403"]["description"]
    assert "security" not in operation("GET", "/v1/greeting")


def test_what_is_for_administrators_says_so() -> None:
    found = operation("POST", "/v1/reading")
    assert found["security"] == [{"bearer": []}, {"session": []}]
    assert "`insufficient_role`" in found["responses"]["403"]["description"]
    assert "`session_required`" in found["responses"]["403"]["description"]


async def test_service_tells_its_document(service: SmallService) -> None:
    answer = await service.get("/openapi.json")
    assert await answer.json() == DOCUMENT


async def test_answers_have_the_members_that_the_document_says(service: SmallService) -> None:
    thing = await (await service.get(f"/v1/things/{THING_ID}")).json()
    assert set(thing) == set(SCHEMAS["Thing"]["properties"]) == set(SCHEMAS["Thing"]["required"])
    problem = await (await service.ask("DELETE", f"/v1/things/{THING_ID}")).json()
    assert set(problem) == set(SCHEMAS["Problem"]["properties"])
