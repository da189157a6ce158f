import pytest

from file_service.delivery.charsets import is_in_utf8


@pytest.mark.parametrize(
    ("text", "is_whole", "expected"),
    [
        pytest.param(b"", True, True, id="nothing"),
        pytest.param(b"plain", True, True, id="ASCII"),
        pytest.param("Gr\u00fc\u00dfe \U0001f98a".encode(), True, True, id="UTF-8"),
        pytest.param(b"plain", False, False, id="ASCII with more behind it"),
        pytest.param("Gr\u00fc\u00df".encode()[:-1], False, True, id="cut amid a character"),
        pytest.param("Gr\u00fc".encode()[:-1], True, False, id="ends amid a character"),
        pytest.param("Gr\u00fc\u00dfe".encode("latin-1"), True, False, id="Latin-1"),
        pytest.param("\ufeffGr\u00fc\u00dfe".encode("utf-16-le"), True, False, id="UTF-16"),
        pytest.param("\u65e5\u672c".encode("iso-2022-jp"), True, False, id="Japanese by escapes"),
        pytest.param(b"\x1b[31mred\x1b[0m", True, True, id="colours of a terminal"),
        pytest.param(b"\xed\xa0\x80", True, False, id="encoded surrogate"),
    ],
)
def test_only_bytes_of_utf8_are_called_so(text: bytes, is_whole: bool, expected: bool) -> None:  # noqa: FBT001
    assert is_in_utf8(text, is_whole=is_whole) is expected
