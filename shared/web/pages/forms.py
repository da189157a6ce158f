"""Strict forms (application/x-www-form-urlencoded): well-formed, bounded, every field known and given once.

Whoever fills a form in by hand can't get anything of this wrong, so it is refused with 400 as malformed JSON is. What a
person can get wrong is for the services to say.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec

from shared.errors import MalformedBody, Violation
from shared.web.body import check_text
from shared.web.faults import fault

T = TypeVar("T", bound=msgspec.Struct)

FORM_TYPES = ("application/x-www-form-urlencoded",)
TOKEN_FIELD = "csrf_token"  # noqa: S105  a field's name
_MOST_FIELDS = 100
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

Pairs = list[tuple[str, str]]


def parse_pairs(raw: bytes) -> Pairs:
    """Return the fields in their order. Raises MalformedBody."""
    try:
        text = raw.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as exc:  # UnicodeDecodeError is one
        raise MalformedBody("The body is no form in UTF-8 of a hundred fields at most.") from exc
    if _BAD_ESCAPE.search(text):
        raise MalformedBody("The form is escaped badly.")
    for name, value in pairs:
        check_text(name, "")
        check_text(value, f"/{name}")
    return pairs


def take_token(pairs: Pairs) -> tuple[str, Pairs]:
    """Return the form's own token, empty unless there is exactly one, and the other fields."""
    tokens = [value for name, value in pairs if name == TOKEN_FIELD]
    return tokens[0] if len(tokens) == 1 else "", [pair for pair in pairs if pair[0] != TOKEN_FIELD]


def convert_form(pairs: Pairs, kind: type[T]) -> T:
    """Return the fields as a `kind`. A field may be repeated where `kind` has a list. Raises MalformedBody."""
    lists = _list_fields(kind)
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            values.setdefault(name, []).append(value)
        elif name in values:
            raise MalformedBody("The form has a field twice.", errors=[Violation(f"/{name}", "is given twice")])
        else:
            values[name] = value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as exc:
        raise MalformedBody("The form doesn't have the right fields.", errors=[fault(exc, kind)]) from exc


def _list_fields(kind: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind) if list in _origins(field.type)}


def _origins(hint: Any) -> Iterable[Any]:
    return (get_origin(get_args(hint)[0]),) if get_origin(hint) is Annotated else (get_origin(hint),)
