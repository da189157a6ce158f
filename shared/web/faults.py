"""What msgspec finds wrong with a value, in words for people: what is asked for, and not how a program names it."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from shared.errors import Violation

_PLACE = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(?:\d+|\.\.\.)\]")
_UNKNOWN_FIELD = re.compile(r"unknown field `(.*)`$", re.DOTALL)
_OF_KIND = re.compile(r"Expected `([^`]+)`, got `|Invalid enum value ")
_NAMES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "array": "a list",
    "object": "an object",
    "uuid": "a UUID",
    "datetime": "a date and time as 2026-01-31T12:00:00Z",
    "date": "a date as 2026-01-31",
}
_UNITS = {"str": "character", "array": "entry", "object": "member"}
_BOUNDS = {">=": "at least ", "<=": "at most ", ">": "more than ", "<": "less than "}


def fault(exc: msgspec.ValidationError, kind: Any) -> Violation:
    """Return the JSON Pointer to the place at fault in what was to be a `kind`, as far as msgspec tells it, and what is
    wrong there.

    `$.a[0].b` is `/a/0/b`; of an unknown field the place is the field itself.
    """
    message = _PLACE.sub("", str(exc))
    found = _PLACE.search(str(exc))
    place = found[1] if found else ""
    known, below_some_value, _ = place.partition("[...]")
    path = re.sub(r"\[(\d+)\]", r"/\1", known).replace(".", "/")
    if unknown := _UNKNOWN_FIELD.search(message):
        path = path if below_some_value else f"{path}/{escaped(unknown[1])}"
        return Violation(path, f"`{unknown[1]}` isn't known here")
    return Violation(path, _words(message, place, kind))


def escaped(name: str) -> str:
    """Return a member's name as a JSON Pointer's reference token (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _words(message: str, place: str, kind: Any) -> str:
    of_kind = _OF_KIND.match(message)
    if of_kind:
        if choices := list(_choices(kind, place)):
            return f"must be one of {', '.join(choices)}" if len(choices) > 1 else f"must be {choices[0]}"
        names = of_kind[1].split(" | ") if of_kind[1] else ["another value"]
        return f"must be {' or '.join(_NAMES.get(each, each) for each in names)}"
    for pattern, say in _SAYINGS:
        if match := pattern.fullmatch(message):
            return say(match)
    return message


def _length(match: re.Match[str]) -> str:
    kind, sign, count = match.groups()
    unit = _UNITS.get(kind, "byte")
    several = f"{unit.removesuffix('y')}ies" if unit.endswith("y") else f"{unit}s"
    return f"must have {_BOUNDS.get(sign, '')}{count} {unit if count == '1' else several}"


_SAYINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"Object missing required field (`.*`)", re.DOTALL), lambda match: f"{match[1]} is missing"),
    (re.compile(r"Expected `\w+` ([<>]=?) (\S+)"), lambda match: f"must be {_BOUNDS[match[1]]}{match[2]}"),
    (re.compile(r"Expected `(\w+)` of length (?:([<>]=) )?(\d+)(?:, got \d+)?"), _length),
    (re.compile(r"Expected `str` matching regex '(.*)'", re.DOTALL), lambda match: f"must be of the form {match[1]}"),
    (re.compile(r"Expected `datetime` with .*"), lambda _: f"must be {_NAMES['datetime']}, with its zone"),
    (re.compile(r"Invalid RFC3339 encoded (date|datetime)"), lambda match: f"must be {_NAMES[match[1]]}"),
    (re.compile(r"Invalid UUID"), lambda _: f"must be {_NAMES['uuid']}"),
    (re.compile(r"Integer value out of range"), lambda _: "is too large a number"),
)


def _choices(kind: Any, place: str) -> Iterator[str]:
    """Yield what may stand there, where it is one of a few."""
    types = list(_flat([inspect.type_info(kind)]))
    for step in _STEP.finditer(place):
        types = list(_flat(inner for each in types for inner in _inner(each, step[1])))
    values = [value for each in types for value in _values(each)]
    if values:
        yield from dict.fromkeys(map(str, values))
        if any(isinstance(each, inspect.NoneType) for each in types):
            yield "null"


def _flat(types: Iterable[inspect.Type]) -> Iterator[inspect.Type]:
    for each in types:
        if isinstance(each, inspect.UnionType):
            yield from _flat(each.types)
        elif isinstance(each, inspect.Metadata):
            yield from _flat([each.type])
        else:
            yield each


def _inner(kind: inspect.Type, name: str | None) -> Iterator[inspect.Type]:
    """Yield what a member of that name may be, or any entry where there is none."""
    if isinstance(kind, inspect.StructType):
        yield from (each.type for each in kind.fields if each.encode_name == name)
    elif isinstance(kind, inspect.DictType):
        yield kind.value_type
    elif isinstance(kind, inspect.TupleType):
        yield from kind.item_types
    elif isinstance(kind, inspect.CollectionType):
        yield kind.item_type


def _values(kind: inspect.Type) -> Iterator[object]:
    if isinstance(kind, inspect.EnumType):
        yield from (each.value for each in kind.cls)
    elif isinstance(kind, inspect.LiteralType):
        yield from kind.values
