"""Strict JSON. What isn't exactly one well-formed value of the wanted type is refused with 400 and the place at fault.

msgspec alone lets duplicate keys and NUL pass, so the text is parsed by the standard library with hooks that refuse,
and msgspec then converts the value.
"""

import json
from typing import Any, NoReturn, TypeVar

import msgspec
from aiohttp import web

from shared.errors import BodyTooLarge, MalformedBody, UnsupportedMediaType, Violation
from shared.web.faults import escaped, fault

T = TypeVar("T")

JSON_TYPES = ("application/json",)
_MAX_DEPTH = 32
_MAX_DIGITS = 40
_MAX_NAME = 200  # characters; names are told back to the caller


async def read_body(request: web.Request, limit: int) -> bytes:
    """Return the whole body. Raises BodyTooLarge as soon as more than `limit` bytes are known to come."""
    if (request.content_length or 0) > limit:
        raise BodyTooLarge(f"At most {limit} bytes are accepted here.")
    chunks, size = [], 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(f"At most {limit} bytes are accepted here.")
        chunks.append(chunk)
    return b"".join(chunks)


def check_content_type(request: web.Request, accepted: tuple[str, ...]) -> None:
    """Raises UnsupportedMediaType for another type, a content coding, or a charset that isn't UTF-8."""
    if request.content_type not in accepted or "Content-Type" not in request.headers:
        raise UnsupportedMediaType(f"Send {' or '.join(accepted)}.", headers={"Accept": ", ".join(accepted)})
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("A compressed body isn't accepted.")
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType("JSON is UTF-8.")


def decode_json(raw: bytes, kind: type[T]) -> T:
    """Return the body as a `kind`. Raises MalformedBody."""
    return convert(parse_json(raw), kind)


def parse_json(raw: bytes) -> Any:
    """Return the one JSON value in `raw`. Raises MalformedBody for all that RFC 8259 or we don't allow."""
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=_distinct, parse_constant=_refuse_constant, parse_int=_integer, parse_float=_real
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as exc:
        raise MalformedBody("The body is not JSON in UTF-8.") from exc
    except RecursionError as exc:
        raise MalformedBody("The JSON is nested too deep.") from exc
    _check(value, "", 0)
    return value


def convert(value: Any, kind: type[T]) -> T:
    """Return `value` as a `kind`, strictly typed. Raises MalformedBody with a JSON Pointer to the place."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as exc:
        raise MalformedBody("The body doesn't have the right shape.", errors=[fault(exc, kind)]) from exc


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedBody("A JSON object names a member twice.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedBody(f"{name} is not JSON.")


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise MalformedBody("A number has too many digits.")
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise MalformedBody("A number is too large.")
    return value


def _check(value: Any, pointer: str, depth: int) -> None:
    """Refuse what parses and still harms: deep nesting, NUL and lone surrogates, which no store or peer takes."""
    if depth > _MAX_DEPTH:
        raise MalformedBody("The JSON is nested too deep.")
    if isinstance(value, str):
        check_text(value, pointer)
    elif isinstance(value, dict):
        for name, member in value.items():
            check_text(name, pointer)
            if len(name) > _MAX_NAME:
                raise MalformedBody("A member's name is too long.", errors=[Violation(pointer, "has such a member")])
            _check(member, f"{pointer}/{escaped(name)}", depth + 1)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            _check(member, f"{pointer}/{index}", depth + 1)


def check_text(text: str, pointer: str) -> None:
    """Raises MalformedBody, naming `pointer`, for what no store or peer takes."""
    if "\0" in text:
        raise MalformedBody("Text must not hold NUL.", errors=[Violation(pointer, "holds NUL")])
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as exc:
            at = pointer.encode("utf-8", "replace").decode()
            raise MalformedBody("Text must be Unicode.", errors=[Violation(at, "holds a lone surrogate")]) from exc
