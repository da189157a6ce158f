"""G33: JSON that parsers disagree on, or choke on, is refused; what is accepted is exactly what was sent."""

import asyncio
import json
from contextlib import suppress
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
import pytest
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BodyTooLarge, MalformedBody, UnsupportedMediaType
from shared.web.body import JSON_TYPES, check_content_type, decode_json, parse_json, read_body


class Colour(StrEnum):
    RED = "red"


class Part(msgspec.Struct, forbid_unknown_fields=True):
    size: int


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    parts: list[Part] = []
    colour: Colour = Colour.RED
    owner: UUID | None = None


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" ", id="blank"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b'{"a": 1,}', id="trailing comma"),
        pytest.param(b"{'a': 1}", id="single quotes"),
        pytest.param(b"{} {}", id="two values"),
        pytest.param(b"// c\n{}", id="comment"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'"\xff"', id="not UTF-8"),
        pytest.param(b'"\xc0\x80"', id="overlong NUL"),
        pytest.param(b'"\xed\xa0\x80"', id="encoded surrogate"),
        pytest.param(b"NaN", id="NaN"),
        pytest.param(b'{"a": [Infinity]}', id="infinity"),
        pytest.param(b"-Infinity", id="negative infinity"),
        pytest.param(b"1e999", id="overflowing number"),
        pytest.param(b"9" * 5000, id="5,000-digit integer"),
        pytest.param(b'{"a": -' + b"9" * 5000 + b"}", id="negative 5,000-digit integer"),
        pytest.param(b'{"' + b"n" * 201 + b'": 1}', id="long member name"),
        pytest.param(b"01", id="leading zero"),
        pytest.param(b"0x10", id="hexadecimal"),
        pytest.param(b'"a\0"', id="raw NUL"),
        pytest.param(rb'"a\u0000"', id="NUL"),
        pytest.param(rb'{"a\u0000": 1}', id="NUL in a name"),
        pytest.param(rb'[{"a": ["\u0000"]}]', id="NUL deep inside"),
        pytest.param(rb'"\ud800"', id="lone surrogate"),
        pytest.param(rb'"\udc00\ud800"', id="surrogates in the wrong order"),
        pytest.param(rb'{"\udfff": 1}', id="lone surrogate in a name"),
        pytest.param(rb'{"\udfff": {"a": "\u0000"}}', id="NUL below a lone surrogate"),
        pytest.param(b'"a\nb"', id="raw line feed"),
        pytest.param(b'{"a": 1, "a": 1}', id="duplicate key"),
        pytest.param(rb'{"a": 1, "\u0061": 2}', id="duplicate key, once escaped"),
        pytest.param(b'[{"b": {"a": 1, "a": 2}}]', id="duplicate key deep inside"),
        pytest.param(b"[" * 33 + b"1" + b"]" * 33, id="33 levels"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="100,000 levels"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="100,000 levels of objects"),
        pytest.param(b"[" * 100_000, id="100,000 levels, never closed"),
    ],
)
def test_json_that_is_not_one_harmless_value_is_malformed(raw: bytes) -> None:
    """G33: deep JSON, NaN, lone surrogate, NUL, 5,000-digit integers, duplicate keys."""
    with pytest.raises(MalformedBody):
        parse_json(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"null", None),
        (b' {"a": [1, -2.5, true, "\xc3\xa9"]}\n', {"a": [1, -2.5, True, "\u00e9"]}),
        (rb'"\ud83e\udd8a"', "\U0001f98a"),
        (b"[" * 32 + b"]" * 32, None),
        (b"9" * 40, int("9" * 40)),
        (b'{"a": 1, "A": 2}', {"a": 1, "A": 2}),
    ],
)
def test_well_formed_json_is_parsed(raw: bytes, value: object) -> None:
    assert parse_json(raw) == (json.loads(raw) if value is None else value)


harmless = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(harmless),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(harmless, max_size=200), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(values)
def test_every_harmless_value_comes_through_unchanged(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_malformed_body(raw: bytes) -> None:
    with suppress(MalformedBody):
        parse_json(raw)


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        pytest.param(b"[]", "", id="array for an object"),
        pytest.param(b"{}", "", id="missing field"),
        pytest.param(b'{"name": 1}', "/name", id="number for text"),
        pytest.param(b'{"name": null}', "/name", id="null for text"),
        pytest.param(b'{"name": "n", "parts": {}}', "/parts", id="object for an array"),
        pytest.param(b'{"name": "n", "parts": [{"size": 1}, {"size": "2"}]}', "/parts/1/size", id="text for a number"),
        pytest.param(b'{"name": "n", "parts": [{"size": true}]}', "/parts/0/size", id="boolean for a number"),
        pytest.param(b'{"name": "n", "parts": [{"size": 1.5}]}', "/parts/0/size", id="fraction for an integer"),
        pytest.param(b'{"name": "n", "colour": "blue"}', "/colour", id="unknown choice"),
        pytest.param(b'{"name": "n", "owner": "nobody"}', "/owner", id="not a UUID"),
        pytest.param(b'{"name": "n", "role": "admin"}', "/role", id="unknown field"),
        pytest.param(b'{"name": "n", "parts": [{"size": 1, "extra": 2}]}', "/parts/0/extra", id="unknown field inside"),
        pytest.param(b'{"name": "n", "a/b~c": 1}', "/a~1b~0c", id="unknown field that needs escaping"),
        pytest.param(b'{"name": "n", "a`b\\n": 1}', "/a`b\n", id="unknown field with a backtick and a line feed"),
        pytest.param(rb'{"name": "a\u0000"}', "/name", id="NUL"),
        pytest.param(rb'{"parts": [{"size": "\ud800"}]}', "/parts/0/size", id="lone surrogate"),
        pytest.param(rb'{"a/b": {"~": "\ud800"}}', "/a~1b/~0", id="lone surrogate below names that need escaping"),
    ],
)
def test_place_at_fault_is_named_by_a_json_pointer(raw: bytes, pointer: str) -> None:
    """G33: unknown field and wrong type."""
    with pytest.raises(MalformedBody) as caught:
        decode_json(raw, Thing)
    assert [violation.pointer for violation in caught.value.errors] == [pointer]
    msgspec.json.encode([violation.detail for violation in caught.value.errors])


def test_value_of_the_right_shape_is_converted() -> None:
    raw = b'{"name": "n", "parts": [{"size": 1}], "owner": "00000000-0000-7000-8000-000000000000"}'
    assert decode_json(raw, Thing) == Thing("n", [Part(1)], Colour.RED, UUID("00000000-0000-7000-8000-000000000000"))


def sent(headers: dict[str, str], *chunks: bytes) -> web.Request:
    payload = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**16, loop=asyncio.get_running_loop())
    for chunk in chunks:
        payload.feed_data(chunk)
    payload.feed_eof()
    return make_mocked_request("POST", "/", headers=headers, payload=payload)


async def test_body_is_read_whole() -> None:
    assert await read_body(sent({}, b"ab", b"cd"), 4) == b"abcd"


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "5"}])
async def test_body_beyond_the_limit_is_refused_whether_or_not_it_tells_its_length(headers: dict[str, str]) -> None:
    with pytest.raises(BodyTooLarge):
        await read_body(sent(headers, b"ab", b"cde"), 4)


@pytest.mark.parametrize("value", ["application/json", "Application/JSON", "application/json; charset=UTF-8"])
async def test_json_is_accepted(value: str) -> None:
    check_content_type(sent({"Content-Type": value}), JSON_TYPES)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"Content-Type": "text/plain"}, id="text"),
        pytest.param({"Content-Type": "application/x-www-form-urlencoded"}, id="form"),
        pytest.param({"Content-Type": "application/json; charset=utf-16"}, id="UTF-16"),
        pytest.param({"Content-Type": "application/json", "Content-Encoding": "gzip"}, id="compressed"),
        pytest.param({"Content-Type": "json"}, id="no media type"),
    ],
)
async def test_what_is_not_plain_json_is_an_unsupported_media_type(headers: dict[str, str]) -> None:
    """G19: a compressed request body is refused unread."""
    with pytest.raises(UnsupportedMediaType):
        check_content_type(sent(headers), JSON_TYPES)
