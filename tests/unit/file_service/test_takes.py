"""Which kinds of files a form takes, in words and as a file input has it."""

import pytest

from file_service.domain.purposes import PICTURE_TYPES, Purpose
from file_service.handlers.pages.takes import Takes


@pytest.mark.parametrize(
    ("types", "kinds", "accept"),
    [
        (("*",), (), ""),
        (("image/png", "*/*"), (), ""),
        (PICTURE_TYPES, ("JPEG", "PNG", "WebP", "GIF"), "image/jpeg,image/png,image/webp,image/gif"),
        (("application/pdf", "image/*"), ("PDF", "pictures"), "application/pdf,image/*"),
        (("application/x-odd",), ("application/x-odd",), "application/x-odd"),
        (("text/*", "image/png"), ("texts", "PNG"), ""),
        (("application/vnd.*",), ("application/vnd.*",), ""),
        (
            ("application/msword", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            ("Word",),
            "application/msword,application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
    ],
)
def test_kinds_are_told_in_words(types: tuple[str, ...], kinds: tuple[str, ...], accept: str) -> None:
    """A pattern that `accept` can't say leaves it out, since browsers would hide what may be sent."""
    assert Takes.of(Purpose("x", types), 5) == Takes(kinds, accept, 5)
