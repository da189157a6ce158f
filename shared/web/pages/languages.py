"""In which language a page speaks: English is written in the templates, others are catalogues of it."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor
from pathlib import Path

TRANSLATIONS = Path(__file__).parent.parent / "translations"
_MONTHS = "January February March April May June July August September October November December"
_WISH = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]{1,32})?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")
_MOST_WISHES = 20
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")
_KIBI, _WITHOUT_FRACTION = 1024, 100


@dataclass(frozen=True, eq=False, slots=True)
class Language:
    """`texts` has the translation of each English text; what is missing stays English."""

    code: str
    texts: Mapping[str, str]
    months: Sequence[str]

    def text(self, english: str) -> str:
        return self.texts.get(english, english)

    def day(self, moment: datetime) -> str:
        """Return the day in UTC, as in `25 November 2026`."""
        at = moment.astimezone(UTC)
        return f"{at.day}{'.' if self.code == 'de' else ''} {self.months[at.month - 1]} {at.year}"

    def time(self, moment: datetime) -> str:
        return f"{self.day(moment)}, {moment.astimezone(UTC):%H:%M} UTC"

    def size(self, count: float) -> str:
        """Return bytes in the binary units that settings are in, as in `1.5 GiB`: files.js says the same."""
        left, unit = count, "B"
        for larger in _UNITS:
            if left < _KIBI - 0.5:  # what would be rounded to 1024 is one of the next
                break
            left, unit = left / _KIBI, larger
        tenths = floor(left * 10 + 0.5)
        if unit == "B" or left >= _WITHOUT_FRACTION or tenths % 10 == 0:
            return f"{floor(left + 0.5)} {unit}"
        return f"{tenths // 10}{',' if self.code == 'de' else '.'}{tenths % 10} {unit}"


ENGLISH = Language("en", {}, _MONTHS.split())


def read_language(code: str, *catalogues: Path) -> Language:
    """Read TOML files with a table `texts`, and one of them with `months`; a later file has the last word."""
    texts: dict[str, str] = {}
    months: Sequence[str] = ENGLISH.months
    for path in catalogues:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        texts |= found.get("texts", {})
        months = found.get("months", months)
    return Language(code, texts, months)


def choose_language(accept_language: str, languages: Mapping[str, Language]) -> Language:
    """Return what somebody wants most of what there is (RFC 9110, 12.5.4); English for nobody's wish."""
    best, found = 0.0, ENGLISH
    for wish in accept_language.split(",")[:_MOST_WISHES]:
        if read := _WISH.fullmatch(wish):
            code, weight = read[1].lower(), float(read[2] or 1)
            if weight > best and code in languages:
                best, found = weight, languages[code]
    return found
