"""The composed form of text that people send (Unicode's NFC), at a cost that nobody can drive up who sends it."""

import unicodedata

_MOST_COMPOSED = 4  # characters that NFC makes one of, at most


def composed(text: str, longest: int) -> str:
    """Return the text in NFC; what has more than `longest` characters in that form too may be left as it is.

    Putting marks in order takes time that grows with the square of how many follow one another: over a second for
    60 KiB of them, in which no other thread of the process runs either.
    """
    return unicodedata.normalize("NFC", text) if len(text) <= _MOST_COMPOSED * longest else text
