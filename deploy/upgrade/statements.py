"""A migration's statements, each with the line that it begins in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PIECES = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<quoted> '(?:[^']|'')*' | "(?:[^"]|"")*" | (?P<tag>\$[A-Za-z_]*\$).*?(?P=tag) )
    | (?P<end> ; )
    | (?P<space> \s+ )
    | (?P<other> [^\s'"$;/-]+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """`sql` is without comments, and with single spaces outside quotes."""

    line: int
    sql: str

    @property
    def verb(self) -> str:
        return self.sql.split(maxsplit=1)[0].lower()


def split(sql: str) -> Iterator[Statement]:
    """Comments nested in comments, and quotes with backslashes, aren't known: migrations have none."""
    words: list[str] = []
    line = 0
    for piece in _PIECES.finditer(sql):
        if piece["end"]:
            if words:
                yield Statement(line, "".join(words).strip())
            words = []
        elif piece["comment"] or piece["space"]:
            if words and words[-1] != " ":
                words.append(" ")
        else:
            line = line if words else sql.count("\n", 0, piece.start()) + 1
            words.append(piece[0])
    if words:
        yield Statement(line, "".join(words).strip())
