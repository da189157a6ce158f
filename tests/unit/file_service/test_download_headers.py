"""What a page's `script-src 'self'` and `style-src 'self'` let in is what its origin sends by one of these types."""

from datetime import UTC, datetime

import pytest

from file_service.delivery.headers import download_headers, names_charset
from file_service.delivery.manner import Manner
from file_service.domain.file import File
from shared.ids import uuid7

# MIME Sniffing, 4.6.
JAVASCRIPT = [
    *(f"{family}/{name}" for family in ("application", "text") for name in ("ecmascript", "javascript")),
    *(f"{family}/x-{name}" for family in ("application", "text") for name in ("ecmascript", "javascript")),
    *(f"text/javascript1.{minor}" for minor in range(6)),
    "text/jscript",
    "text/livescript",
]


def sent_type(content_type: str, *, is_utf8: bool = False) -> str:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    file = File(uuid7(), uuid7(), "a", 1, content_type, bytes(32), "file", public=True, via=None, created_at=moment)
    return download_headers(file, Manner(inline=True), is_utf8=is_utf8)["Content-Type"]


@pytest.mark.parametrize("content_type", [*JAVASCRIPT, "text/css"])
def test_nothing_goes_out_as_a_script_or_a_style_sheet(content_type: str) -> None:
    assert sent_type(content_type) == "text/plain"


def test_nothing_goes_out_as_what_scripts_run() -> None:
    assert sent_type("application/wasm") == "application/octet-stream"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/html", "text/csv", "image/png", "application/json", "text/x-python", "text/cssx"],
)
def test_all_else_goes_out_as_what_it_is(content_type: str) -> None:
    assert sent_type(content_type) == content_type


def test_text_in_utf8_says_so() -> None:
    assert sent_type("text/csv", is_utf8=True) == "text/csv; charset=utf-8"
    assert sent_type("text/javascript", is_utf8=True) == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/plain", True),
        ("text/csv", True),
        ("application/javascript", True),  # goes out as text
        ("text/html", False),
        ("text/xml", False),
        ("application/json", False),
        ("image/png", False),
    ],
)
def test_only_texts_that_can_not_tell_their_encoding_have_it_told(content_type: str, expected: bool) -> None:  # noqa: FBT001
    assert names_charset(content_type) is expected
