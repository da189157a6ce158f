"""Bodies that break parsers, stores or rules, made for a route by the types that its body is declared with."""

import json
from collections.abc import Iterator
from typing import Any, get_type_hints

import msgspec

from shared.web.routes import Route, read_signature

_WRONG = (
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e999",
    "9" * 40,
    "9" * 5000,
    "NaN",
    "Infinity",
    '""',
    "[]",
    "{}",
    "[[]]",
    '{"a": 1}',
)
_TEXTS = (
    r'"a\u0000b"',
    r'"\ud800"',
    r'"\udfff\ud800"',
    '"' + "x" * 30_000 + '"',
    r'"a\r\nBcc: everybody@example.org"',
    r'"\u202e\u200b\ufeff"',
    '"%s%n../../etc/passwd"',
    '"\'; drop table auth.account; --"',
    '"{{7*7}}${7*7}"',
    "[" * 40 + "]" * 40,
    "[" * 20_000 + "]" * 20_000,
)
_WHOLE = (
    b"",
    b" ",
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"text"',
    b"{} {}",
    b"{'a': 1}",
    b'{"a": 1,}',
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b'{"\xed\xa0\x80": 1}',
    b"\0",
    b"{\0}",
    b"a=1&b=2",
    b"<xml/>",
    b"[" * 30_000,
)


def bodies(route: Route) -> Iterator[bytes]:
    """Yield bodies of which each is wrong, or at least odd, in one thing."""
    yield from _WHOLE
    kind = read_signature(route).body
    assert kind is not None
    good = _example(kind)
    for name in good:
        for value in (*_WRONG, *_TEXTS):
            yield _written(good, **{name: value})
        yield _written({each: value for each, value in good.items() if each != name})
        yield _written(good)[:-1] + f", {json.dumps(name)}: {good[name]}}}".encode()
    for unknown in ("role", "roles", "email_verified", "id", "user_id", "__proto__", r"\u0000", r"\ud800", "x" * 300):
        yield _written(good)[:-1] + f', "{unknown}": true}}'.encode()


def _written(members: dict[str, str], **changes: str) -> bytes:
    pairs = (f"{json.dumps(name)}: {value}" for name, value in (members | changes).items())
    return ("{" + ", ".join(pairs) + "}").encode()


def _example(kind: Any) -> dict[str, str]:
    """Return all of a struct's fields with values of their types, as JSON; tagged unions give their first."""
    fields = get_type_hints(kind, include_extras=True)
    return {name: json.dumps(_value(msgspec.json.schema(hint), name)) for name, hint in fields.items()}


def _value(schema: dict[str, Any], name: str) -> Any:
    """Return a value after its JSON Schema, as far as ours go."""
    if "$ref" in schema:
        schema = {**schema["$defs"][schema["$ref"].rpartition("/")[2]], "$defs": schema["$defs"]}
    if "anyOf" in schema:
        schema = {**schema["anyOf"][0], "$defs": schema.get("$defs", {})}
        return _value(schema, name)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("type") == "array":
        return [_value(schema["items"] | {"$defs": schema.get("$defs", {})}, name)]
    text = {"uuid": "00000000-0000-7000-8000-000000000000", "date-time": "2030-01-01T00:00:00Z"}
    plain: dict[str, Any] = {"integer": schema.get("minimum", 1), "number": 1, "boolean": False, "object": {}}
    return plain.get(schema["type"], text.get(schema.get("format", ""), f"{name}@example.org"))
