"""Where things stand in a TOML file: tomllib keeps no line numbers, and a mistake without one is hard to find."""

import re

_TABLE = re.compile(r"\s*(\[{1,2})\s*([A-Za-z0-9_.\"'-]+)\s*\]{1,2}")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")

# A table's place: its dotted name, and which of its kind it is ([[route]] repeats).
Place = tuple[str, int]


class Lines:
    """Line numbers of tables and keys, found by their usual spelling; an unusual one gives its table's line, or 1."""

    def __init__(self, text: str) -> None:
        self._tables: dict[Place, int] = {}
        self._keys: dict[tuple[Place, str], int] = {}
        place: Place = ("", 0)
        seen: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if table := _TABLE.match(line):
                name = table[2].replace('"', "").replace("'", "")
                place = (name, seen.get(name, 0))
                seen[name] = place[1] + 1
                self._tables[place] = number
            elif key := _KEY.match(line):
                self._keys.setdefault((place, key[1]), number)

    def of(self, table: str, index: int = 0, key: str = "") -> int:
        """The line of a table's key, which may be a table itself, or of the table."""
        place, below = (table, index), (f"{table}.{key}" if table else key, 0)
        return self._keys.get((place, key)) or self._tables.get(below) or self._tables.get(place, 1)
