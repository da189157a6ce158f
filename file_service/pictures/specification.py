"""What a picture is to be like."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from shared.errors import InvalidParameter, Violation

MOST_SIDE = 2048
DEFAULT_SIDE = 256
DEFAULT_QUALITY = 80


class Fit(StrEnum):
    COVER = "cover"  # fills the box, and cuts what is outside of it
    CONTAIN = "contain"  # the whole picture in the middle of the box
    INSIDE = "inside"  # the whole picture, no larger than the box and than it is


class Format(StrEnum):
    WEBP = "webp"
    JPEG = "jpeg"


class AvatarSize(IntEnum):
    SMALL = 64
    NORMAL = 128
    MEDIUM = 256
    LARGE = 512


@dataclass(frozen=True, slots=True)
class Specification:
    """A side of 0 follows from the other; `quality` is from 1 to 100."""

    width: int
    height: int
    fit: Fit = Fit.INSIDE
    format: Format = Format.WEBP
    quality: int = DEFAULT_QUALITY

    def __str__(self) -> str:
        return f"{self.width}x{self.height} {self.fit} {self.format} {self.quality}"

    @property
    def content_type(self) -> str:
        return f"image/{self.format}"


def specification(width: int, height: int, fit: Fit, format_: Format, quality: int) -> Specification:
    """Return the one specification of all that ask for the same. Raises InvalidParameter."""
    if not width and not height:
        width = height = DEFAULT_SIDE
    if fit is not Fit.INSIDE and not (width and height):
        missing = "height" if width else "width"
        raise InvalidParameter(f"{fit} needs both sides.", errors=[Violation(missing, "is missing")])
    return Specification(width, height, fit, format_, quality)
