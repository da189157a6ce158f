"""What a name looks like, after Unicode Technical Standard 39: enough of it to protect the operator's names."""
# ruff: noqa: RUF001  look-alikes are what this file is about

import re
import unicodedata

_LOOK_ALIKE_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "CHEROKEE", "LISU"})

# By Latin letter, what a reader takes for it; small letters only, since a skeleton is made of a case-folded name.
_LOOKS_LIKE = {
    "a": "аαɑ@4",
    "b": "вьβ8",
    "c": "сϲ",
    "d": "ԁ",
    "e": "еєε3",
    "g": "ɡց9",
    "h": "һհн",
    "j": "ј",
    "k": "кκ",
    "l": "iіιıӏ1|",
    "m": "м",
    "n": "пոη",
    "o": "оοօσ0",
    "p": "рρ",
    "q": "ԛ",
    "s": "ѕ$5",
    "t": "тτ7",
    "u": "υս",
    "v": "νѵ",
    "w": "ԝω",
    "x": "хχ",
    "y": "уγү",
}
_SHAPES = {ord(twin): letter for letter, twins in _LOOKS_LIKE.items() for twin in twins}

_RESERVED = (
    "abuse admin administration administrator anonymous billing colonnade deleted gateway helpdesk hostmaster "
    "moderation moderator official operator owner postmaster root security staff superuser support sysadmin system "
    "team unknown webmaster"
)


def mixes_alphabets(name: str) -> bool:
    """Tell whether a name draws on more than one of the alphabets that share letter shapes."""
    found = {_alphabet(character) for character in unicodedata.normalize("NFKC", name)}
    return len(found & _LOOK_ALIKE_ALPHABETS) > 1


def is_reserved(name: str) -> bool:
    """Tell whether a name reads as the operator's, by words of that kind alone: "Adm1n", "Colonnade-Support"."""
    return _OPERATOR.fullmatch(skeleton(name)) is not None


def skeleton(name: str) -> str:
    """Return the Latin letters that a reader sees in `name`; those that look alike become one."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold()).translate(_SHAPES)
    return "".join(filter(str.isalnum, plain)).replace("rn", "m").replace("vv", "w")


def _alphabet(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0]


_OPERATOR = re.compile(f"(?:{'|'.join(map(skeleton, _RESERVED.split()))})+")
