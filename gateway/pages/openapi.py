"""One OpenAPI document of the documents of all services. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from shared import VERSION
from shared.site import PRODUCT
from shared.web.openapi import SECURITY_SCHEMES

Json = dict[str, Any]

_DESCRIPTION = """\
Accounts, profiles and files behind one URL. Register or log in, then send the access token as
`Authorization: Bearer ...`; programs of your own send an API key in the same way. Failures are problem
documents (RFC 9457) with a stable `code`."""
_PRIVATE = "/internal/"


class DocumentConflict(ValueError):
    """Two services describe one thing differently; it is a programming mistake, and names the thing."""


def merge(documents: Sequence[Json], public_url: str, title: str = PRODUCT) -> Json:
    """The document of the API, called `title`, as it is reached at `public_url`.

    Paths, schemas and the like that several services describe alike appear once. Where they differ, or one
    operationId stands for two operations, it is a DocumentConflict.
    """
    paths: Json = {}
    components: Json = {"securitySchemes": dict(SECURITY_SCHEMES)}
    for document in documents:
        _unite(paths, _public_paths(document), "paths")
        for section, entries in document.get("components", {}).items():
            _unite(components.setdefault(section, {}), entries, f"components.{section}")
    _check_operation_ids(paths)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION, "description": _DESCRIPTION},
        "servers": [{"url": public_url}],
        "tags": [{"name": name} for name in dict.fromkeys(_tags(paths))],
        "paths": paths,
        "components": components,
    }


def _public_paths(document: Json) -> Json:
    return {path: item for path, item in document.get("paths", {}).items() if not path.startswith(_PRIVATE)}


def _unite(known: Json, entries: Json, where: str) -> None:
    for name, entry in entries.items():
        if known.setdefault(name, entry) != entry:
            raise DocumentConflict(f"services describe {where} {name!r} in different ways")


def _operations(paths: Json) -> Iterator[Json]:
    for item in paths.values():
        yield from (operation for operation in item.values() if isinstance(operation, dict))


def _tags(paths: Json) -> Iterator[str]:
    for operation in _operations(paths):
        yield from operation.get("tags", ())


def _check_operation_ids(paths: Json) -> None:
    names = Counter(operation["operationId"] for operation in _operations(paths) if "operationId" in operation)
    if names and names.most_common(1)[0][1] > 1:
        raise DocumentConflict(f"two operations are called {names.most_common(1)[0][0]!r}")
