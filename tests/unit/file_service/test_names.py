import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from file_service.domain.names import MAX_BYTES, NAMELESS, safe_name
from tests.quickness import PILED_MARKS, quick

ANY_TEXT = st.text(st.characters(), max_size=400)  # surrogates, controls and all


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        pytest.param("report.pdf", "report.pdf", id="plain"),
        pytest.param("Überblick 2026 - Größe.xlsx", "Überblick 2026 - Größe.xlsx", id="other scripts stay"),
        pytest.param("U\u0308ber.txt", "Über.txt", id="composed form"),
        pytest.param("../../etc/passwd", "passwd", id="traversal"),
        pytest.param("C:\\Users\\ada\\notes.txt", "notes.txt", id="Windows folders"),
        pytest.param("/", NAMELESS, id="nothing but a separator"),
        pytest.param("..", NAMELESS, id="the parent folder"),
        pytest.param("", NAMELESS, id="no name"),
        pytest.param("a\r\nSet-Cookie: x=1", "a Set-Cookie: x=1", id="CRLF"),
        pytest.param("a\0b.txt", "ab.txt", id="NUL"),
        pytest.param("invoice\u202egnp.exe", "invoicegnp.exe", id="right-to-left override"),
        pytest.param("pay\u200bpal\ufeff.txt", "paypal.txt", id="zero-width"),
        pytest.param("blank\u3164\u2800.txt", "blank.txt", id="letters that show as nothing"),
        pytest.param("invoice.pdf" + " " * 200 + ".exe", "invoice.pdf .exe", id="a suffix pushed out of sight"),
        pytest.param("Screenshot 3.04\u202fPM.png", "Screenshot 3.04 PM.png", id="narrow space"),
        pytest.param('say "hi".txt', 'say "hi".txt', id="quotes are escaped where they matter"),
        pytest.param("CON", "_CON", id="device"),
        pytest.param("nul.tar.gz", "_nul.tar.gz", id="device with suffixes"),
        pytest.param("com1 .txt", "_com1 .txt", id="device with a space"),
        pytest.param("console.log", "console.log", id="no device"),
        pytest.param("name. . .", "name", id="an end that Windows drops"),
        pytest.param(".bashrc", ".bashrc", id="a leading dot"),
        pytest.param("x\udcff.txt", "x\ufffd.txt", id="lone surrogate"),
    ],
)
def test_a_name_becomes_a_harmless_label(raw: str, safe: str) -> None:
    """F11: hostile file names."""
    assert safe_name(raw) == safe


def test_no_name_takes_long() -> None:
    """Accents that have to be put in order are cut before that; what is left is composed all the same."""
    with quick():
        assert safe_name("e" + PILED_MARKS + ".txt").endswith(".txt")
    assert safe_name("e\u0301" * 1000 + ".txt") == "é" * 125 + ".txt"


def test_a_long_name_keeps_its_suffix() -> None:
    """F11: 300 bytes."""
    assert safe_name("n" * 300 + ".jpeg") == "n" * 250 + ".jpeg"
    assert safe_name("ü" * 300) == "ü" * 127
    assert safe_name("n." + "s" * 300) == "n." + "s" * 253


@given(ANY_TEXT)
@example("." * 300 + "x" * 40)
@example("con." + "." * 300 + "txt")
@example("\u0301" * 200)
def test_every_name_is_one_visible_line_that_fits(raw: str) -> None:
    """F11: any name at all."""
    name = safe_name(raw)
    assert 1 <= len(name.encode()) <= MAX_BYTES
    assert not set(name) & set("/\\\0\r\n")
    assert name not in (".", "..")
    assert not {unicodedata.category(character) for character in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert name == name.strip(" ").rstrip(".")


@given(ANY_TEXT)
@example("con" + "\u200b")
@example("x" * 250 + ".\u0301abc" + "y" * 20)
@example("e\u0301" * 1000 + ".txt")
@example("e\u0334\u0301" * 1000)
def test_a_safe_name_is_left_alone(raw: str) -> None:
    once = safe_name(raw)
    assert safe_name(once) == once
