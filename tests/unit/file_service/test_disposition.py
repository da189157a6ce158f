import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from file_service.disposition import attachment, parameters
from file_service.domain.names import safe_name


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("report.pdf", 'attachment; filename="report.pdf"'),
        ("naïve.txt", "attachment; filename=\"na_ve.txt\"; filename*=UTF-8''na%C3%AFve.txt"),
        ('a"b\\c%41;.txt', "attachment; filename=\"a_b_c_41;.txt\"; filename*=UTF-8''a%22b%5Cc%2541%3B.txt"),
    ],
)
def test_a_download_is_named_for_old_and_new_clients(name: str, header: str) -> None:
    """F11: safe filename*."""
    assert attachment(name) == header


@given(st.text(st.characters()))
@example('"; filename="evil.exe')
@example("a\r\nSet-Cookie: x=1")
def test_a_name_never_breaks_out_of_the_header(raw: str) -> None:
    """F11: CRLF, quotes, whatever comes."""
    name = safe_name(raw)
    header = attachment(name)
    match = re.fullmatch(
        r"""attachment; filename="[^"\\%\x00-\x1f\x7f-\uffff]*"(; filename\*=UTF-8''([!-~]+))?""", header
    )
    assert match is not None
    assert not match[2] or unquote(match[2]) == name


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('form-data; name="file"; filename="a b.txt"', {"name": "file", "filename": "a b.txt"}),
        ("Form-Data; Name=file; filename=plain.txt ", {"name": "file", "filename": "plain.txt"}),
        ('form-data; name="file"; filename="a%22b\\"c.txt"', {"name": "file", "filename": 'a"b"c.txt'}),
        ('form-data; name="file"; filename="C:\\dir\\a.txt"', {"name": "file", "filename": "C:\\dir\\a.txt"}),
        ('form-data; name="file"; filename="x;y=z"', {"name": "file", "filename": "x;y=z"}),
        (
            'form-data; name="file"; filename="_.txt"; filename*=UTF-8\'\'%E2%82%AC.txt',
            {"name": "file", "filename": "_.txt", "filename*": "€.txt"},
        ),
        ("form-data; name=file; filename*=iso-8859-1'en'%A3.txt", {"name": "file", "filename*": "£.txt"}),
        ("form-data; name=file; filename*=UTF-8''%ff", {"name": "file", "filename*": "\ufffd"}),
        ("form-data", {}),
        ('form-data; name="a"; name="b"', None),
        ('form-data; name="a', None),
        ("form-data; name", None),
        ("attachment; name=a", None),
        ("", None),
    ],
)
def test_a_part_tells_its_field_and_file_name(header: str, found: dict[str, str] | None) -> None:
    assert parameters(header) == found


@given(st.text(st.characters()))
def test_any_header_of_a_part_is_read_or_refused(text: str) -> None:
    found = parameters(f"form-data; {text}")
    assert found is None or isinstance(found, dict)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_browsers_file_name_comes_through(name: str) -> None:
    """As browsers write it: quotes and line breaks percent-encoded, all else as it is."""
    written = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    if "%" in name or "\\" in name:
        return  # ambiguous by design of the format
    assert parameters(f'form-data; name="file"; filename="{written}"') == {"name": "file", "filename": name}
