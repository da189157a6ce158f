"""What search compares: neither case nor accents count, and no character has a meaning of its own."""

import unicodedata

MIN_TERM, MAX_TERM = 3, 64  # characters

# Letters that Unicode doesn't take apart, though people type them plainly; and emoji selectors, which nobody types.
_PLAIN = str.maketrans(
    {"đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "ł": "l", "ø": "o", "œ": "oe", "æ": "ae", "þ": "th"}
    | dict.fromkeys("\ufe0e\ufe0f", "")
)


def fold(text: str) -> str:
    """Return `text` without case, accents, compatibility forms and spare spaces; folding twice changes nothing."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    return " ".join(bare.translate(_PLAIN).split())


def search_term(raw: str) -> str | None:
    """Return what to look for, or None when fewer than three letters or digits are left of it.

    With three of them the index always has a trigram to go by; with fewer every row would be read.
    """
    term = fold(raw)
    return term if sum(map(str.isalnum, term)) >= MIN_TERM else None
