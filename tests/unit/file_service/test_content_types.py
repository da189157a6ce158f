import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from file_service.inspection.content_types import stored_type

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0"
GIF = b"GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0,"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "a")
    return out.getvalue()


@pytest.mark.parametrize(
    ("head", "declared", "kept"),
    [
        pytest.param(PNG, "image/png", "image/png", id="as declared"),
        pytest.param(PNG, "text/html", "image/png", id="the bytes decide"),
        pytest.param(PNG, None, "image/png", id="undeclared"),
        pytest.param(b"hello", "text/plain; charset=utf-8", "text/plain", id="text, without parameters"),
        pytest.param(b"hello", "image/png", "text/plain", id="text called a picture"),
        pytest.param(b"hello", None, "text/plain", id="undeclared text"),
        pytest.param(b"hello", "application/x-www-form-urlencoded", "text/plain", id="curl's default"),
        pytest.param(b'{"a": 1}', "application/json", "application/json", id="JSON"),
        pytest.param(b"a,b\n1,2", "text/csv", "text/csv", id="CSV"),
        pytest.param(b"BMW builds cars", "text/plain", "text/plain", id="text like a bitmap"),
        pytest.param(b"<!DOCTYPE html><p>", "text/plain", "text/html", id="HTML called text"),
        pytest.param(b"<!-- c --> <SCRIPT>alert(1)</SCRIPT>", "image/png", "text/html", id="script behind a comment"),
        pytest.param(b"\xef\xbb\xbf \n<html>", None, "text/html", id="HTML behind a byte order mark"),
        pytest.param("\ufeff<html>".encode("utf-16-le"), None, "text/html", id="HTML in UTF-16"),
        pytest.param(b"<html>\0\0\0", "image/gif", "text/html", id="HTML with binary in it"),
        pytest.param(b"<!--" + b"x" * 8188, "text/plain", "text/html", id="a comment without an end"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'>", "image/png", "image/svg+xml", id="SVG"),
        pytest.param(b"<?xml version='1.0'?><!-- --><s:svg >", None, "image/svg+xml", id="SVG with a prefix"),
        pytest.param(b"<!DOCTYPE svg PUBLIC 'x' [<!ENTITY a 'b'>]><svg>", None, "image/svg+xml", id="SVG by doctype"),
        pytest.param(b"<!DOCTYPE note SYSTEM 'n.dtd'><note>", None, "application/xml", id="XML by doctype"),
        pytest.param(b"<?xml version='1.0'?><gpx>", "application/gpx+xml", "application/gpx+xml", id="an XML format"),
        pytest.param(b"<?xml version='1.0'?><gpx>", "text/plain", "application/xml", id="XML called text"),
        pytest.param(b"<?xml version='1.0'?><!--" + b"x" * 8000, None, "application/xml", id="XML, long comment"),
        pytest.param(b"<?xml version='1.0'?>", None, "application/xml", id="XML without an element"),
        pytest.param(b"<feed xmlns='a'>", None, "application/xml", id="XML by its namespace"),
        pytest.param(b"<<< not markup", "text/plain", "text/plain", id="no markup"),
        pytest.param(GIF + b"/*<script>alert(1)</script>*/", "image/gif", "image/gif", id="GIF with a script"),
        pytest.param(b"GIF89a=1;alert(1)", "image/gif", "text/plain", id="script that begins like a GIF"),
        pytest.param(EICAR, "image/png", "text/plain", id="EICAR"),
        pytest.param(PDF, "application/octet-stream", "application/pdf", id="PDF"),
        pytest.param(b"%PDF-1.4 text only", "text/plain", "application/pdf", id="PDF of readable bytes"),
        pytest.param(b"\r\n  %PDF-1.4 text only", None, "application/pdf", id="PDF behind space"),
        pytest.param(b"\xef\xbb\xbf\n%PDF-1.4", None, "application/pdf", id="PDF behind a byte order mark"),
        pytest.param(b" " * 1020 + b"%PDF-1.4", None, "text/plain", id="PDF behind more than readers skip"),
        pytest.param(b"It begins with\n%PDF-1.4", "text/plain", "text/plain", id="text about PDF"),
        pytest.param(_zip(), "application/zip", "application/zip", id="ZIP"),
        pytest.param(
            _zip(), "application/vnd.android.package-archive", "application/vnd.android.package-archive", id="APK"
        ),
        pytest.param(_zip(), "text/html", "application/zip", id="ZIP called HTML"),
        pytest.param(b"\0\1\2\3", None, "application/octet-stream", id="unknown"),
        pytest.param(b"\0\1\2\3", "application/x-own", "application/x-own", id="unknown, harmlessly declared"),
        pytest.param(b"\0\1\2\3", "image/png", "application/octet-stream", id="no picture"),
        pytest.param(b"\0\1\2\3", "text/html", "application/octet-stream", id="no HTML"),
        pytest.param(b"\0\1\2\3", "application/xhtml+xml", "application/octet-stream", id="no XHTML"),
        pytest.param(b"\0\1\2\3", "application/javascript", "application/octet-stream", id="no script"),
        pytest.param(b"\0\1\2\3", "nonsense", "application/octet-stream", id="malformed"),
        pytest.param(b"\0\1\2\3", "a/b\r\nX: y", "application/octet-stream", id="CRLF"),
        pytest.param(b"", "text/csv", "text/csv", id="empty"),
        pytest.param(b"", None, "application/octet-stream", id="empty and undeclared"),
    ],
)
def test_the_bytes_decide_and_the_declaration_refines(head: bytes, declared: str | None, kept: str) -> None:
    """F12: HTML, SVG, GIF polyglot, EICAR."""
    assert stored_type(head, declared) == kept


@given(st.binary(max_size=300), st.none() | st.text(st.characters(), max_size=40))
def test_the_type_is_always_fit_for_a_header(head: bytes, declared: str | None) -> None:
    kept = stored_type(head, declared)
    assert kept.isascii()
    assert kept.isprintable()
    assert kept.count("/") == 1
    assert ";" not in kept


@given(st.text("<!->?/ xmlsvgDOCTYPE[]'=", max_size=200))
def test_odd_markup_is_answered(text: str) -> None:
    assert "/" in stored_type(text.encode(), None)
