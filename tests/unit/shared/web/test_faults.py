"""What is told of a wrong value is what is asked for, in words for people."""

from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from shared.errors import Violation
from shared.web.faults import fault


class Format(StrEnum):
    WEBP = "webp"
    JPEG = "jpeg"


class Size(IntEnum):
    SMALL = 64
    LARGE = 256


class Part(msgspec.Struct, forbid_unknown_fields=True):
    format: Format = Format.WEBP


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=2, max_length=3)]
    count: Annotated[int, Meta(ge=1, le=5)] = 1
    limit: int | None = None
    share: float = 0
    public: bool = False
    format: Format = Format.WEBP
    other: Annotated[Format | None, Meta(description="another one")] = None
    size: Size = Size.SMALL
    way: Literal["code", "link"] = "code"
    kind: Literal["file"] = "file"
    owner: UUID | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None
    code: Annotated[str, Meta(pattern="^[0-9]+$")] = "0"
    tags: Annotated[tuple[str, ...], Meta(min_length=1)] = ("a",)
    pair: tuple[Format, Format] = (Format.WEBP, Format.JPEG)
    parts: list[Part] = []
    by_name: dict[str, Part] = {}
    counts: dict[str, int] = {}


def told(value: Any, kind: type = Thing) -> Violation:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, kind)
    return fault(caught.value, kind)


@pytest.mark.parametrize(
    ("member", "pointer", "words"),
    [
        ({"format": "png"}, "/format", "must be one of webp, jpeg"),
        ({"format": 1}, "/format", "must be one of webp, jpeg"),
        ({"other": "png"}, "/other", "must be one of webp, jpeg, null"),
        ({"size": 7}, "/size", "must be one of 64, 256"),
        ({"size": "large"}, "/size", "must be one of 64, 256"),
        ({"way": "mail"}, "/way", "must be one of code, link"),
        ({"kind": "folder"}, "/kind", "must be file"),
        ({"pair": ["webp", "png"]}, "/pair/1", "must be one of webp, jpeg"),
        ({"pair": []}, "/pair", "must have 2 entries"),
        ({"parts": [{}, {"format": "png"}]}, "/parts/1/format", "must be one of webp, jpeg"),
        ({"by_name": {"a": {"format": "png"}}}, "/by_name", "must be one of webp, jpeg"),
        ({"by_name": {"a": {"colour": 1}}}, "/by_name", "`colour` isn't known here"),
        ({"counts": {"a": "b"}}, "/counts", "must be a whole number"),
        ({"count": "1"}, "/count", "must be a whole number"),
        ({"count": 0}, "/count", "must be at least 1"),
        ({"count": 6}, "/count", "must be at most 5"),
        ({"limit": "1"}, "/limit", "must be a whole number or null"),
        ({"share": "1"}, "/share", "must be a number"),
        ({"public": "yes"}, "/public", "must be true or false"),
        ({"name": 1}, "/name", "must be text"),
        ({"name": "a"}, "/name", "must have at least 2 characters"),
        ({"name": "abcd"}, "/name", "must have at most 3 characters"),
        ({"owner": "me"}, "/owner", "must be a UUID"),
        ({"owner": 1}, "/owner", "must be a UUID or null"),
        ({"at": "now"}, "/at", "must be a date and time as 2026-01-31T12:00:00Z"),
        ({"at": "2026-01-31T12:00:00"}, "/at", "must be a date and time as 2026-01-31T12:00:00Z, with its zone"),
        ({"code": "x"}, "/code", "must be of the form ^[0-9]+$"),
        ({"tags": []}, "/tags", "must have at least 1 entry"),
        ({"tags": {}}, "/tags", "must be a list"),
        ({"colour": 1}, "/colour", "`colour` isn't known here"),
    ],
)
def test_words_say_what_is_asked_for(member: Mapping[str, Any], pointer: str, words: str) -> None:
    assert told({"name": "ab"} | dict(member)) == Violation(pointer, words)


def test_whole_values_are_told_of_too() -> None:
    assert told([]) == Violation("", "must be an object")
    assert told({}) == Violation("", "`name` is missing")


def test_what_nobody_foresaw_is_told_as_it_comes() -> None:
    assert fault(msgspec.ValidationError("Odd - at `$.a`"), Thing) == Violation("/a", "Odd")
    assert fault(msgspec.ValidationError("Invalid enum value 1"), Thing) == Violation("", "must be another value")
