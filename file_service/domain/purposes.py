"""What files are for. A purpose says which types may be stored for it, and how large they may be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from file_service.errors import FileTooLarge, TypeNotAllowed, UnknownPurpose

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_MIB = 1024**2
PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")


@dataclass(frozen=True, slots=True)
class Purpose:
    """`types` are patterns as `image/*`; `max_bytes` is for one file.

    `any_extension`: whatever a file is, it may be named as it likes.
    """

    name: str
    types: tuple[str, ...] = ("*",)
    max_bytes: int | None = None
    any_extension: bool = False

    def check_type(self, content_type: str) -> None:
        """Raises TypeNotAllowed."""
        if not any(fnmatchcase(content_type, pattern) for pattern in self.types):
            raise TypeNotAllowed(
                f"The file is {content_type}; for {self.name} only {', '.join(self.types)} may be stored."
            )

    def largest(self, limit: int) -> int:
        """Return how many bytes one file may have where `limit` are allowed of any."""
        return limit if self.max_bytes is None else min(limit, self.max_bytes)

    def check_size(self, size: int, limit: int) -> None:
        """Raises FileTooLarge beyond `limit` bytes, or the purpose's own."""
        most = self.largest(limit)
        if size > most:
            raise FileTooLarge(f"A file may have {most} bytes.")


DEFAULT, AVATAR = "file", "avatar"
BUILT_IN = (
    Purpose(DEFAULT),
    Purpose("picture", PICTURE_TYPES, 50 * _MIB),
    Purpose(AVATAR, PICTURE_TYPES, 5 * _MIB),
)


@dataclass(frozen=True, slots=True)
class Purposes:
    by_name: Mapping[str, Purpose]

    def get(self, name: str) -> Purpose:
        """Raises UnknownPurpose."""
        purpose = self.by_name.get(name or DEFAULT)
        if purpose is None:
            raise UnknownPurpose(f"The purposes are {', '.join(self.by_name)}.")
        return purpose
