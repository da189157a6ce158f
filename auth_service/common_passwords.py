"""The passwords that many people have: the 30,000 most frequent ones of what was leaked elsewhere, from zxcvbn's list.

Its module would make 95,000 strings of it that stay in memory for good. Here the file is read as text when the first
password is set, and what stays is 8 bytes of a hash for each: 240 kB.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from re import finditer

_LIST = '"passwords": "'


class CommonPasswords:
    """Knows whether a text in lower case is one of them. One of 10^14 others is taken for one, too."""

    def __contains__(self, word: object) -> bool:
        hashes, sought = _hashes(), hash(word)
        place = bisect_left(hashes, sought)
        return place < len(hashes) and hashes[place] == sought

    def __len__(self) -> int:
        return len(_hashes())


@cache
def _hashes() -> "array[int]":
    return array("q", sorted(map(hash, _read())))


def _read() -> Iterator[str]:
    spec = find_spec("zxcvbn")  # finds, and doesn't import
    assert spec is not None
    assert spec.origin is not None
    with Path(spec.origin).with_name("frequency_lists.py").open(encoding="utf-8") as lines:
        for line in lines:
            _, found, words = line.partition(_LIST)
            if found:
                return (match[0] for match in finditer(r"[^,]+", words.partition('"')[0]))
    raise LookupError("zxcvbn has no list of passwords where it used to")
