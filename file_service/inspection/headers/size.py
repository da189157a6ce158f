from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PictureSize:
    """The largest of its frames, and how many there are."""

    width: int
    height: int
    frames: int = 1

    @property
    def pixels(self) -> int:
        """Of one frame."""
        return self.width * self.height
