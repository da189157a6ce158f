"""A hundred thousand invented people, the same ones every time, and the parts of names that are searched for."""

import random
from dataclasses import dataclass

COUNT = 100_000
PAGE = 20
_FIRST = (
    *("Ada", "Alan", "Barbara", "Claude", "Donald", "Edsger", "Frances", "Grace", "Hedy", "Ivan", "John", "Katherine"),
    *("Leslie", "Margaret", "Niklaus", "Ole", "Peter", "Radia", "Sophie", "Tim", "Ursula", "Vint", "Wesley", "Yvonne"),
)
_SYLLABLES = (
    "ba",
    "den",
    "fi",
    "gor",
    "hal",
    "jun",
    "kel",
    "lor",
    "mun",
    "nes",
    "pet",
    "rav",
    "sol",
    "tur",
    "vin",
    "wex",
)
_EVERY = {10: "Johansson", 100: "Castellan", 10_000: "Quillfeather"}


@dataclass(frozen=True, slots=True)
class Term:
    """`what` says how many have it in their names."""

    what: str
    text: str


FREQUENT, MIDDLING, RARE = Term("every tenth", "hanss"), Term("every hundredth", "stell"), Term("ten of all", "llfea")


def names() -> list[str]:
    """Return their names in the order of their ids."""
    chance = random.Random(7)
    return [f"{chance.choice(_FIRST)} {_last(number, chance)}" for number in range(COUNT)]


def _last(number: int, chance: random.Random) -> str:
    for every in sorted(_EVERY, reverse=True):
        if number % every == every // 2:
            return _EVERY[every]
    return "".join(chance.choices(_SYLLABLES, k=3)).title()
