"""Rules for text that strangers read. A display name must not be taken for another's, or for the operator's."""

import unicodedata
from itertools import groupby

from shared.normal_form import composed
from user_service.domain.skeleton import is_reserved, mixes_alphabets

MAX_NAME, MAX_BIO = 80, 2000  # code points
_MAX_MARKS = 3  # accents on one letter of a name; more of them spill over the neighbouring lines
_MAX_BIO_MARKS = 30  # in a row; no language has more (Unicode Standard Annex 15, Stream-Safe Text Format)

_EMOJI_PRESENTATION = dict.fromkeys((0xFE0E, 0xFE0F))  # phones add them to symbols; they carry no meaning
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Drawn as nothing, though Unicode counts them as letters, marks or symbols rather than as format characters.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
_LAYOUT = frozenset("\n\t")


class RuleBroken(ValueError):
    """Says which rule, to the person who wrote the text."""


def normalise_display_name(raw: str) -> str:
    """Return the name in NFC with single spaces and no emoji presentation selectors. Raises RuleBroken."""
    name = composed(" ".join(raw.translate(_EMOJI_PRESENTATION).split()), MAX_NAME)
    if not 1 <= len(name) <= MAX_NAME:
        raise RuleBroken(f"must have 1 to {MAX_NAME} characters")
    if not all(map(_is_visible, name)):
        raise RuleBroken("must not hold invisible, control or unassigned characters")
    if _piles_marks(name):
        raise RuleBroken("must not pile up accents")
    if mixes_alphabets(name):
        raise RuleBroken("must not mix alphabets that look alike")
    if is_reserved(name):
        raise RuleBroken("must not be taken for one of the operator's names, as Admin or Support")
    return name


def normalise_bio(raw: str) -> str:
    r"""Return the text in NFC, trimmed, its lines ended by \n. Raises RuleBroken."""
    text = raw.replace("\r\n", "\n").strip()
    _check_marks(text)  # before they are put in order, which takes the longer the more there are
    bio = composed(text, MAX_BIO)
    _check_marks(bio)
    if len(bio) > MAX_BIO:
        raise RuleBroken(f"must have at most {MAX_BIO} characters")
    if not all(map(_is_printable, bio)):
        raise RuleBroken("must not hold control characters or direction overrides")
    return bio


def _is_visible(character: str) -> bool:
    """Tell whether a character shows: no control, format, surrogate, private or unassigned one, no line separator."""
    category = unicodedata.category(character)
    return category[0] != "C" and category not in ("Zl", "Zp") and character not in _BLANKS


def _is_printable(character: str) -> bool:
    """Allow joiners, which emoji and many scripts need, and symbols newer than this Python knows."""
    if unicodedata.category(character) in ("Cc", "Cs", "Co"):
        return character in _LAYOUT
    return character not in _BIDI_CONTROLS


def _check_marks(bio: str) -> None:
    """Raises RuleBroken for more accents in a row than any text needs."""
    marks = (sum(1 for _ in run) for is_mark, run in groupby(bio, _is_mark) if is_mark)
    if max(marks, default=0) > _MAX_BIO_MARKS:
        raise RuleBroken("must not pile up accents")


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def _piles_marks(name: str) -> bool:
    """Tell whether a name starts with an accent, or has more of them on one letter than any language needs."""
    run = _MAX_MARKS
    for character in name:
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if run > _MAX_MARKS:
            return True
    return False
