"""The OpenAPI 3.1 document of a route table: what the handlers' annotations say, and nothing written twice."""

import inspect
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from shared import VERSION
from shared.errors import (
    AppError,
    BodyTooLarge,
    Forbidden,
    InsufficientRole,
    InvalidParameter,
    MalformedBody,
    NotFound,
    SessionRequired,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from shared.web.cookies import PLAIN_NAME, SECURE_NAME
from shared.web.idempotency_key import IDEMPOTENCY_ERRORS
from shared.web.problem import PROBLEM_JSON
from shared.web.routes import OF_PEOPLE, OF_SESSIONS, Auth, Route, Signature, read_signature

_REF = "#/components/schemas/{name}"
_PATH_TYPES: dict[type, dict[str, str]] = {
    UUID: {"type": "string", "format": "uuid"},
    int: {"type": "integer"},
    str: {"type": "string"},
}

Json = dict[str, Any]

SECURITY_SCHEMES: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token (a JWT), or an API key (`colk_...`) where its scopes allow it.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SECURE_NAME,
        "description": (
            f"Set by signing in as a browser; called `{PLAIN_NAME}` where PUBLIC_URL is http. Ignored beside "
            "`Authorization`. Methods other than GET and HEAD must come from a page of PUBLIC_URL's own origin."
        ),
    },
}


class ProblemError(msgspec.Struct):
    """One place at fault: a JSON Pointer into the body, or a parameter's name."""

    pointer: str
    detail: str


class Problem(msgspec.Struct, omit_defaults=True):
    """A failure, as in RFC 9457. `code` is stable; `request_id` finds the request in the logs."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[ProblemError] = []


def openapi_document(title: str, routes: Sequence[Route]) -> Json:
    """Return the document of `routes`. Struct names are the schemas' names, so they are unique in one service."""
    signatures = [(route, read_signature(route)) for route in routes]
    kinds = [kind for _, signature in signatures for kind in _kinds(signature) if kind is not None]
    queries = [signature.query for _, signature in signatures if signature.query is not None]
    _, components = msgspec.json.schema_components([*kinds, *queries, Problem], ref_template=_REF)
    for query in queries:  # only for what their members refer to: they themselves are told as parameters
        components.pop(query.__name__, None)
    paths: dict[str, Json] = {}
    for route, signature in signatures:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(title, route, signature)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _kinds(signature: Signature) -> Iterable[Any]:
    return (signature.body, signature.answer, *(answer for _, answer in signature.also))


def _operation(title: str, route: Route, signature: Signature) -> Json:
    doc = inspect.getdoc(route.handler) or route.handler.__name__.replace("_", " ").capitalize()
    summary, _, description = doc.partition("\n")
    operation: Json = {
        "operationId": route.handler.__name__,
        "tags": [title],
        "summary": summary.strip().rstrip(".").replace("`", ""),  # unlike descriptions it is plain text
        "parameters": [*_path_parameters(signature), *_query_parameters(signature), *_header_parameters(route)],
        "responses": _responses(route, signature),
    }
    if description.strip():
        operation["description"] = description.strip()
    if route.auth in OF_PEOPLE:
        operation["security"] = [{"bearer": []}, {"session": []}]
    if content := _request_content(route, signature):
        operation["requestBody"] = {"required": not signature.body_optional, "content": content}
    return operation


def _request_content(route: Route, signature: Signature) -> Json:
    if signature.body is not None:
        example = {} if route.example is None else {"example": dict(route.example)}
        return {media: {"schema": _schema(signature.body), **example} for media in route.body_types}
    return {media: {"schema": _raw_schema(media)} for media in route.raw_body}


def _raw_schema(media: str) -> Json:
    binary: Json = {"type": "string", "format": "binary"}
    if media != "multipart/form-data":
        return binary
    return {"type": "object", "required": ["file"], "properties": {"file": binary}}


def _schema(kind: Any) -> Json:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=_REF)
    return schema


def _path_parameters(signature: Signature) -> Iterable[Json]:
    for name, kind in signature.path.items():
        yield {"name": name, "in": "path", "required": True, "schema": _PATH_TYPES[kind]}


def _query_parameters(signature: Signature) -> Iterable[Json]:
    if signature.query is None:
        return
    _, components = msgspec.json.schema_components([signature.query], ref_template=_REF)
    schema = components[signature.query.__name__]
    for name, member in schema["properties"].items():
        yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": member}


def _header_parameters(route: Route) -> Iterable[Json]:
    if route.idempotent:
        schema = {"type": "string", "minLength": 1, "maxLength": 255}
        yield {"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema}


def _responses(route: Route, signature: Signature) -> Json:
    content = {PROBLEM_JSON: {"schema": {"$ref": _REF.format(name="Problem")}}}
    responses: Json = {str(signature.status): _success(route, signature.answer)}
    responses |= {str(status): _success(route, answer) for status, answer in signature.also}
    for error in _errors(route, signature):
        entry = responses.setdefault(str(error.status), {"description": "", "content": content})
        entry["description"] += ("; " if entry["description"] else "") + f"`{error.code}`: {error.title}"
    responses["default"] = {"description": "Any other failure, from any program on the way", "content": content}
    return responses


def _success(route: Route, answer: Any) -> Json:
    title = route.handler.__name__.replace("_", " ")
    if answer is not None:
        return {
            "description": f"Answer to: {title}",
            "content": {"application/json": {"schema": _schema(answer)}},
        }
    if route.raw_answer:
        content = {media: {"schema": {"type": "string", "format": "binary"}} for media in route.raw_answer}
        return {"description": f"Answer to: {title}", "content": content}
    return {"description": "Done"}


def _errors(route: Route, signature: Signature) -> Sequence[type[AppError]]:
    found: list[type[AppError]] = [Unavailable, *route.errors]
    if route.auth in OF_PEOPLE:
        found.append(Unauthenticated)
    if route.auth in OF_SESSIONS:
        found.append(SessionRequired)
    if route.auth is Auth.ADMIN:
        found.append(InsufficientRole)
    if route.auth is Auth.SERVICE:
        found.extend((Unauthenticated, Forbidden))
    if route.idempotent:
        found.extend(IDEMPOTENCY_ERRORS)
    if signature.body is not None:
        found.extend((MalformedBody, BodyTooLarge, UnsupportedMediaType))
    if signature.query is not None:
        found.append(InvalidParameter)
    if signature.path:
        found.append(NotFound)
    return sorted(set(found), key=lambda error: (error.status, error.code))
