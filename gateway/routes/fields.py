"""Reading one TOML table: each wrong value becomes a Mistake with its line, and reading goes on."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gateway.routes.lines import Lines
from gateway.routes.model import Mistake

_DIGITS = re.compile("[0-9]{1,15}")
_UNITS = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


@dataclass(slots=True)
class Report:
    """Every mistake found so far, and where things stand in the file."""

    lines: Lines
    mistakes: list[Mistake] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        self.mistakes.append(Mistake(line, text))


class Fields:
    """The keys of one table. What can't be read is reported and comes back as a harmless value of its type."""

    def __init__(self, values: Mapping[str, object], report: Report, table: str, index: int = 0) -> None:
        self._values = values
        self._report = report
        self._table = table
        self._index = index

    def mistake(self, key: str, text: str) -> None:
        self._report.add(self.line(key), text)

    def line(self, key: str = "") -> int:
        return self._report.lines.of(self._table, self._index, key)

    def only(self, known: Collection[str]) -> None:
        for key in self._values:
            if key not in known:
                self.mistake(key, f"unknown key {key!r}; known are {', '.join(sorted(known))}")

    def text(self, key: str) -> str:
        value = self._values.get(key)
        if isinstance(value, str) and value:
            return value
        self.mistake(key, f"{key} must be a text that isn't empty" if key in self._values else f"{key} is missing")
        return ""

    def plain_text(self, key: str) -> str:
        """A text that is empty unless given."""
        value = self._values.get(key, "")
        if isinstance(value, str):
            return value
        self.mistake(key, f"{key} must be a text")
        return ""

    def choice(self, key: str, options: Collection[str]) -> str:
        value = self.text(key)
        if value and value not in options:
            self.mistake(key, f"{key} {value!r} is none of {', '.join(sorted(options))}")
        return value

    def flag(self, key: str) -> bool:
        """A boolean that is false unless given."""
        value = self._values.get(key, False)
        if isinstance(value, bool):
            return value
        self.mistake(key, f"{key} must be true or false")
        return False

    def integer(self, key: str, default: int, allowed: range) -> int:
        value = self._values.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and value in allowed:
            return value
        self.mistake(key, f"{key} must be a whole number from {allowed[0]} to {allowed[-1]}")
        return default

    def seconds(self, key: str, longest: float, default: float | None = None) -> float:
        value = self._values.get(key, default)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= longest:
            return float(value)
        self.mistake(key, f"{key} must be a number of seconds above 0, at most {longest:g}")
        return longest

    def size(self, key: str, default: int) -> int:
        """Bytes: a number, or a text such as "64 KiB"."""
        value = self._values.get(key, default)
        if isinstance(value, str):
            number, _, unit = value.partition(" ")
            value = int(number) * _UNITS[unit] if _DIGITS.fullmatch(number) and unit in _UNITS else None
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.mistake(key, f'{key} must be a number of bytes, or a text such as "64 KiB"')
        return 0

    def words(self, key: str, options: Collection[str]) -> frozenset[str]:
        """A list, not empty, of some of `options`."""
        value = self._values.get(key)
        words = value if isinstance(value, list) else []
        if words and all(isinstance(word, str) and word in options for word in words):
            return frozenset(words)
        self.mistake(key, f"{key} must be a list of some of {', '.join(sorted(options))}")
        return frozenset()

    def some(self, key: str, options: Collection[str]) -> frozenset[str]:
        """A list of some of `options`, perhaps of none."""
        return frozenset() if self._values.get(key) == [] else self.words(key, options)

    def __contains__(self, key: str) -> bool:
        return key in self._values
