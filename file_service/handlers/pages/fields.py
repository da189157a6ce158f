"""The forms of the pages, as they are filled in. What a person can get wrong is told beside its field."""

from typing import Annotated

import msgspec

from file_service.domain.purposes import AVATAR, DEFAULT
from file_service.domain.sharing import LONGEST_PASSWORD
from file_service.errors import ShortSharePassword
from file_service.sharing.shares import ShareWish
from file_service.sharing.upload_links import UploadLinkWish

_HOUR, _DAY, _MIB = 3600, 86_400, 1024**2
LIFETIMES = (
    (_HOUR, "An hour"),
    (_DAY, "A day"),
    (7 * _DAY, "A week"),
    (30 * _DAY, "30 days"),
    (365 * _DAY, "A year"),
)
USUAL_LIFETIME = 7 * _DAY
PURPOSES = (
    (DEFAULT, "Files"),
    ("picture", "Pictures"),
    (AVATAR, "Profile picture"),
)  # others are called by their names
_SHORTEST_PASSWORD = 6

Lifetime = Annotated[int, msgspec.Meta(ge=1, le=365 * _DAY)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class RenameForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    name: Name


class PublishForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`public` is there for the button that publishes."""

    public: bool = False


class ShareForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Whatever is left empty isn't wanted."""

    lifetime: Lifetime
    once: bool = False
    inline: bool = False
    password: Annotated[str, msgspec.Meta(max_length=LONGEST_PASSWORD)] = ""
    download_name: Annotated[str, msgspec.Meta(max_length=1024)] = ""

    def wish(self) -> ShareWish:
        """Raises ShortSharePassword."""
        if self.password and len(self.password) < _SHORTEST_PASSWORD:
            raise ShortSharePassword
        return ShareWish(self.lifetime, self.once, self.password or None, self.download_name or None, self.inline)


class PasswordForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Of whoever follows a link: empty where it has no password."""

    password: Annotated[str, msgspec.Meta(max_length=LONGEST_PASSWORD)] = ""


class UploadLinkForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`mebibytes` are of all files together."""

    lifetime: Lifetime
    max_files: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    mebibytes: Annotated[int, msgspec.Meta(ge=1, le=1024**2)]
    purpose: Annotated[str, msgspec.Meta(max_length=32)] = ""
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""

    def wish(self) -> UploadLinkWish:
        return UploadLinkWish(self.lifetime, self.max_files, self.mebibytes * _MIB, self.purpose, self.note)
