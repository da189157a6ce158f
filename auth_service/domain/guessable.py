"""What is guessed first: passwords that many people have, and those made of what is known about the account.

Nothing here asks for kinds of characters. People who are kept from `password` write `P4ssw0rd1!`, and whoever guesses
knows that: so a word counts in any case, with letters written as digits and signs, repeated, and with some around it.
"""

import unicodedata
from collections.abc import Collection, Container, Iterator

_READINGS = (
    str.maketrans("04@31!578$9", "oaaeiistbsg"),
    str.maketrans("04@31!|578$9", "oaaelllstbsg"),
)
_MOST_AROUND = 6  # digits and signs at both ends of a common word, which add little to it
_SHORTEST_COMMON = 4
_LONGEST_REPETITION = 20  # of up to three characters: nobody tries them all
_SHORTEST_WORD = 3  # shorter ones occur in too many passwords that have nothing to do with them
_MOST_BESIDE = 2  # letters that belong to no word, as the "my" before one


def is_common(password: str, common: Container[str]) -> bool:
    """Tell whether it is one of the common passwords (in lower case), or one in disguise."""
    folded = _fold(password)
    if len(_unit(folded)) < _SHORTEST_COMMON and len(folded) <= _LONGEST_REPETITION:
        return True
    return folded in common or any(
        reading in common for core in _cores(folded) for word in (core, _unit(core)) for reading in _readings(word)
    )


def words_of(text: str) -> frozenset[str]:
    """Return the words that somebody may make a password of who knows this address or name."""
    folded = _fold(text)
    letters = "".join(character if character.isalpha() else " " for character in folded)
    words = (folded, *folded.split("@"), *letters.split())
    return frozenset(word for word in words if len(word) >= _SHORTEST_WORD and _has_letter(word))


def is_made_of(password: str, words: Collection[str]) -> bool:
    """Tell whether nearly all its letters belong to `words`, however often and in whatever order they occur."""
    folded = _fold(password)
    return any(_letters_beside(folded, reading, words) <= _MOST_BESIDE for reading in _readings(folded))


def _letters_beside(folded: str, reading: str, words: Collection[str]) -> float:
    """Return how few letters are left beside the words that can be read in it; infinite if there is no word in it.

    `fewest[end]` is that for what comes before `end`: where no word is taken, and where one is.
    """
    fewest: list[tuple[float, float]] = [(0, float("inf"))]
    for end in range(1, len(folded) + 1):
        bare, worded = (number + folded[end - 1].isalpha() for number in fewest[-1])
        for word in words:
            start = end - len(word)
            if start >= 0 and reading.startswith(word, start) and _has_letter(folded[start:end]):
                worded = min(worded, *fewest[start])
        fewest.append((bare, worded))
    return fewest[-1][1]


def _cores(folded: str) -> Iterator[str]:
    """Return what may be the word in it: without some digits and signs at the ends, where a letter is left."""
    before, after = len(folded) - len(_without_head(folded)), len(folded) - len(_without_head(folded[::-1]))
    for head in range(min(before, _MOST_AROUND) + 1):
        for tail in range(min(after, _MOST_AROUND - head) + 1):
            core = folded[head : len(folded) - tail]
            if len(core) >= _SHORTEST_COMMON and _has_letter(core):
                yield core


def _without_head(text: str) -> str:
    """Return the text from its first letter on."""
    return text[next((index for index, character in enumerate(text) if character.isalpha()), len(text)) :]


def _unit(text: str) -> str:
    """Return what the text repeats, or the text itself."""
    length = (text + text).find(text, 1)
    return text[:length]


def _readings(word: str) -> set[str]:
    return {word, *(word.translate(reading) for reading in _READINGS)}


def _fold(text: str) -> str:
    """Return the form in which words are compared: wide, composed and capital letters are as good as others."""
    return unicodedata.normalize("NFKC", text).casefold()


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))
