"""What a file is taken for on a page, and which ones may be looked at there."""

import pytest

from file_service.domain.kinds import Kind, kind_of, preview_of


@pytest.mark.parametrize(
    ("content_type", "kind", "preview"),
    [
        ("image/png", Kind.PICTURE, Kind.PICTURE),
        ("image/tiff", Kind.PICTURE, None),
        ("image/svg+xml", Kind.PICTURE, None),
        ("video/mp4", Kind.VIDEO, Kind.VIDEO),
        ("video/x-msvideo", Kind.VIDEO, None),
        ("audio/mpeg", Kind.AUDIO, Kind.AUDIO),
        ("text/plain", Kind.TEXT, Kind.TEXT),
        ("application/json", Kind.TEXT, Kind.TEXT),
        ("text/html", Kind.TEXT, None),
        ("application/xml", Kind.OTHER, None),
        ("application/pdf", Kind.DOCUMENT, None),
        ("application/vnd.oasis.opendocument.text", Kind.DOCUMENT, None),
        ("application/zip", Kind.ARCHIVE, None),
        ("application/octet-stream", Kind.OTHER, None),
        ("", Kind.OTHER, None),
    ],
)
def test_kind_and_preview_follow_from_the_type(content_type: str, kind: Kind, preview: Kind | None) -> None:
    """F12: nothing that a browser could run is shown."""
    assert (kind_of(content_type), preview_of(content_type)) == (kind, preview)
