"""What a handler returns, beside a plain struct (200) and None (204)."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """200 with an entity tag (unquoted) and more headers. A GET with a matching If-None-Match becomes 304."""

    body: T
    etag: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoContent:
    """204 with headers."""

    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created(Answer[T]):
    """201 with `location`, the path-relative URL of what was made."""

    location: str


@dataclass(frozen=True, slots=True)
class Accepted(Answer[T]):
    """202: it will be done, and the answer doesn't tell what comes of it."""


class Page(msgspec.Struct, Generic[T]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None
