"""What a name's extension promises, against what the bytes show."""

import pytest

from file_service.domain.purposes import Purpose
from file_service.errors import ExtensionMismatch
from file_service.inspection.acceptance import accepted_type
from file_service.inspection.content_types import stored_type
from file_service.inspection.extensions import extension_of, require_fitting_extension

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0" + bytes(40)
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(40)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
ZIP = b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(40)
CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
GZIP = b"\x1f\x8b\x08\x00" + bytes(40)
SEVEN = b"7z\xbc\xaf\x27\x1c" + bytes(40)
EXE = b"MZ\x90\x00\x03\x00" + bytes(40)
ELF = b"\x7fELF\x02\x01\x01" + bytes(60)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(40)
MP3 = b"ID3\x03\x00" + bytes(40)
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'
TEXT = b"plain words\n"
NOISE = bytes(range(1, 256))
HEIX = b"\x00\x00\x00\x18ftypheix\x00\x00\x00\x00mif1heix" + bytes(40)
AVIS = b"\x00\x00\x00\x1cftypavis\x00\x00\x00\x00msf1mif1miaf" + bytes(40)
JXL = b"\xff\x0a\xfa\x1f\x01" + bytes(40)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


ANYTHING_GOES = Purpose("files")


def judge(name: str, content: bytes, declared: str | None = None) -> None:
    accepted_type(ANYTHING_GOES, name, content, declared)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", PNG), ("a.PNG", PNG), ("a.jpg", JPEG), ("saved.jpg", WEBP), ("a.pdf", PDF),
        ("scan.pdf", b"\0\n" + PDF), ("scan.pdf", b"\n \n%PDF-1.4\n1 0 obj\n"),
        ("a.zip", ZIP), ("a.docx", ZIP), ("with password.docx", CFB), ("a.doc", CFB), ("a.doc", b"{\\rtf1 x}"),
        ("export.xls", HTML), ("a.epub", ZIP), ("a.tar.gz", GZIP), ("a.7z", SEVEN), ("a.mp4", MP4), ("a.mp3", MP3),
        ("a.mp3", NOISE), ("a.m4a", MP4), ("a.html", HTML), ("a.txt", HTML), ("a.svg", SVG), ("a.js", TEXT),
        ("a.txt", NOISE), ("utf16.csv", "wörter".encode("utf-16")), ("a.exe", EXE), ("a", EXE), (".pdf", EXE),
        ("a.", EXE), ("a.dat", PNG), ("a.unheard", HTML), ("pdf", TEXT), ("a.tiff", NOISE),
    ],
)  # fmt: skip
def test_name_that_fits_or_promises_nothing_passes(name: str, content: bytes) -> None:
    judge(name, content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jpg", HTML), ("a.png", SVG), ("a.gif", EXE), ("a.png", TEXT), ("a.webp", MP4),
        ("a.pdf", HTML), ("a.pdf", EXE), ("a.pdf", ZIP), ("a.pdf", NOISE), ("a.pdf", TEXT), ("a.PDF", ELF),
        ("a.zip", EXE), ("a.docx", EXE), ("a.docx", HTML), ("a.xlsx", PDF), ("a.doc", EXE), ("a.doc", PNG),
        ("a.gz", ZIP), ("a.7z", ZIP), ("a.rar", SEVEN), ("a.mp4", HTML), ("a.mp3", EXE), ("a.avi", PDF),
        ("a.txt", ELF), ("a.txt", CFB), ("a.eml", GZIP), ("a.html", PNG), ("a.svg", PNG), ("a.js", ELF),
        ("a.json", ZIP), ("a.csv", ZIP), ("invoice.exe.pdf", EXE),
    ],
)  # fmt: skip
def test_name_that_contradicts_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(ExtensionMismatch):
        judge(name, content)


@pytest.mark.parametrize(
    ("name", "content", "declared"),
    [
        pytest.param("a.pdf", EXE, "application/pdf", id="a program called a document"),
        pytest.param("a.png", HTML, "image/png", id="a page called a picture"),
        pytest.param("a.docx", TEXT, DOCX, id="a text called a document"),
    ],
)
def test_what_the_client_declares_helps_no_wrong_name(name: str, content: bytes, declared: str) -> None:
    with pytest.raises(ExtensionMismatch):
        judge(name, content, declared)


@pytest.mark.parametrize("extension", ["log", "eml", "csv", "md", "txt"])
@pytest.mark.parametrize(
    "content",
    [
        b"made by mail\0er\nthe attachment began with %PDF-1.4\n", b"BM;wheels\n1;4\0\n", b"MZ;Mainz\n\x01",
        b"SQLite error \0", b"GIF files: \x02", b"ID3 tags: \0",
    ],
    ids=["quotes a PDF", "BM", "MZ", "SQLi", "GIF", "ID3"],
)  # fmt: skip
def test_text_with_a_control_byte_may_begin_with_any_letters(extension: str, content: bytes) -> None:
    judge(f"a.{extension}", content)


@pytest.mark.parametrize("content", [HEIX, AVIS, JXL], ids=["HEIF", "AVIF", "JPEG XL"])
def test_picture_in_a_new_container_keeps_the_name_that_a_phone_gave(content: bytes) -> None:
    judge("a.jpg", content, "image/jpeg")


@pytest.mark.parametrize(
    "content", [b"PK\x07\x08" + ZIP, b"PK00" + ZIP, NOISE], ids=["spanned", "one part after all", "a last part"]
)
def test_zip_in_parts_passes(content: bytes) -> None:
    judge("a.zip", content, "application/zip")


@pytest.mark.parametrize("name", ["a.csv", "a.log", "a.md", "a.jpg", "a.zip"])
def test_what_the_client_declares_counts_against_no_name(name: str) -> None:
    judge(name, NOISE, "application/vnd.ms-excel.sheet.macroenabled.12")
    judge(name, NOISE, "application/vnd.own")
    judge("a.epub", ZIP, "application/vnd.own")
    judge("a.docx", ZIP, "application/vnd.own")


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("a.docx", "application/vnd.own"), ("a.xlsx", "application/vnd.ms-excel.sheet.macroenabled.12"),
        ("a.pptx", "application/msword"), ("a.docx", "application/x-ole-storage"), ("a.epub", "application/x-cbz"),
        ("a.odt", "application/vnd.oasis.opendocument.text-template"), ("a.docx", "application/own+zip"),
        ("a.gz", "application/x-tgz"), ("a.tgz", "application/own+gzip"), ("a.7z", "application/vnd.own"),
    ],
)  # fmt: skip
def test_bytes_without_a_signature_are_no_document_or_archive(name: str, declared: str) -> None:
    """Neither when they come nor by renaming, which goes by the type that was kept."""
    with pytest.raises(ExtensionMismatch):
        judge(name, NOISE, declared)
    with pytest.raises(ExtensionMismatch):
        require_fitting_extension(name, stored_type(NOISE, declared))


def test_cabinet_is_no_document() -> None:
    with pytest.raises(ExtensionMismatch):
        judge("a.docx", b"MSCF" + bytes(60))


@pytest.mark.parametrize(
    ("name", "content", "declared"),
    [
        ("a.docx", ZIP, "application/vnd.ms-word.document.macroenabled.12"), ("a.docx", ZIP, DOCX),
        ("a.docx", CFB, DOCX), ("a.doc", CFB, "application/vnd.visio"), ("a.gz", GZIP, "application/x-tgz"),
        ("a.zip", ZIP, "application/vnd.android.package-archive"), ("a.epub", ZIP, "application/epub+zip"),
    ],
)  # fmt: skip
def test_file_can_be_renamed_to_what_it_is(name: str, content: bytes, declared: str) -> None:
    require_fitting_extension(name, stored_type(content, declared))


def test_what_refines_the_type_fits_on() -> None:
    judge("a.docx", ZIP, DOCX)
    judge("a.zip", ZIP, DOCX)


def test_refusal_tells_both() -> None:
    with pytest.raises(ExtensionMismatch, match=r"ends in \.pdf, and the content is text/html"):
        judge("a.pdf", HTML)


@pytest.mark.parametrize(
    ("name", "extension"), [("A.PdF", "pdf"), ("a.tar.gz", "gz"), (".pdf", ""), ("a", ""), ("a.", ""), ("", "")]
)
def test_extension_is_behind_the_last_dot(name: str, extension: str) -> None:
    assert extension_of(name) == extension
