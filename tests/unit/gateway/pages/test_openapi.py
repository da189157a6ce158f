"""Merging the services' descriptions: what agrees appears once, what doesn't is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pages.openapi import DocumentConflict, merge

Json = dict[str, Any]


def document(paths: Json, **components: Json) -> Json:
    return {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": paths, "components": components}


def operation(name: str, tag: str) -> Json:
    return {"operationId": name, "tags": [tag], "responses": {"200": {"description": "Done"}}}


USERS = document({"/v1/users": {"get": operation("list_users", "users")}}, schemas={"User": {"type": "object"}})
FILES = document({"/v1/files": {"get": operation("list_files", "files")}}, schemas={"File": {"type": "object"}})


def test_all_paths_schemas_and_tags_are_there() -> None:
    merged = merge([USERS, FILES], "https://api.example.org")
    assert merged["openapi"] == "3.1.0"
    assert list(merged["paths"]) == ["/v1/users", "/v1/files"]
    assert list(merged["components"]["schemas"]) == ["User", "File"]
    assert merged["tags"] == [{"name": "users"}, {"name": "files"}]
    assert merged["servers"] == [{"url": "https://api.example.org"}]


def test_bearer_tokens_are_described_whatever_the_services_say() -> None:
    bearer = merge([USERS], "http://x")["components"]["securitySchemes"]["bearer"]
    assert (bearer["type"], bearer["scheme"]) == ("http", "bearer")


def test_same_schema_of_two_services_appears_once() -> None:
    problem = {"Problem": {"type": "object", "properties": {"code": {"type": "string"}}}}
    merged = merge([document({}, schemas=problem), document({}, schemas=problem)], "http://x")
    assert merged["components"]["schemas"] == problem


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (
            document({}, schemas={"User": {"type": "object"}}),
            document({}, schemas={"User": {"type": "string"}}),
            "'User'",
        ),
        (document({"/a": {"get": {}}}), document({"/a": {"post": {}}}), "'/a'"),
        (document({}), document({}, securitySchemes={"bearer": {"type": "apiKey"}}), "'bearer'"),
        (
            document({"/a": {"get": operation("show", "a")}}),
            document({"/b": {"get": operation("show", "b")}}),
            "two operations are called 'show'",
        ),
    ],
)
def test_services_that_disagree_are_refused(one: Json, other: Json, said: str) -> None:
    with pytest.raises(DocumentConflict, match=said):
        merge([one, other], "http://x")


def test_private_paths_are_left_out() -> None:
    assert merge([document({"/internal/events": {"get": {}}})], "http://x")["paths"] == {}


@given(st.lists(st.sampled_from([USERS, FILES]), max_size=4))
def test_merging_changes_none_of_its_documents_and_is_idempotent(documents: list[Json]) -> None:
    before = [dict(each["paths"]) for each in documents]
    if len(documents) == len({id(each) for each in documents}):
        merged = merge(documents, "http://x")
        assert merge([merged], "http://x") == merged
    assert [dict(each["paths"]) for each in documents] == before
