"""A file's name is a label: it never says where bytes lie, so a hostile one is made harmless instead of refused.

What is left is one visible line of at most 255 bytes that can be saved under Unix and Windows.
"""

import re
import unicodedata

from shared.normal_form import composed

MAX_BYTES = 255  # of UTF-8: what common file systems allow
NAMELESS = "unnamed"
_MAX_SUFFIX_BYTES = 32  # a longer one is no suffix, but part of the name

_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
# Cc: controls (NUL, ESC); Cf: format characters (bidi overrides, zero-width, byte order mark, tags).
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf"})
# Letters, marks and symbols that show as nothing: combining grapheme joiner, Hangul fillers, Khmer inherent vowels,
# braille blank.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def safe_name(raw: str) -> str:
    """Return the label for a name that a client sent: NFC, without folders, unseen characters or reserved names.

    Applying it twice changes nothing. A name of which nothing is left becomes "unnamed".
    """
    return _label(raw) or NAMELESS


def is_nameless(raw: str) -> bool:
    """Tell whether nothing of the name would be left."""
    return not _label(raw)


def _label(raw: str) -> str:
    last = _SURROGATE.sub("\ufffd", re.split(r"[/\\]", raw)[-1])
    spaced = "".join(" " if character.isspace() else character for character in last)
    seen = "".join(character for character in spaced if not _is_unseen(character))
    line = _shortened(re.sub(" +", " ", seen).strip(" ").rstrip(". "), 4 * MAX_BYTES)  # as much as may be composed
    name = composed(line, MAX_BYTES)
    if _DEVICE.match(name):
        name = f"_{name}"
    return _shortened(name, MAX_BYTES)


def _is_unseen(character: str) -> bool:
    return character in _UNSEEN or unicodedata.category(character) in _UNSEEN_CATEGORIES


def _shortened(name: str, most: int) -> str:
    """Cut the stem to `most` bytes, so that the suffix goes on telling what it is."""
    if len(name.encode()) <= most:
        return name
    stem, dot, suffix = name.rpartition(".")
    tail = dot + suffix
    if not stem or len(tail.encode()) > _MAX_SUFFIX_BYTES:
        stem, tail = name, ""
    kept = stem.encode()[: most - len(tail.encode())].decode(errors="ignore")
    return kept.rstrip(". ") + tail
