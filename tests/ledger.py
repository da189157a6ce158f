"""Which secrets the tests use, and whether any of them stands in a log: as it is, percent-encoded or in Base64.

One pass over the logs, however many secrets there are: what every line holds is gathered once, and each place of it is
looked up by its first characters.
"""

import json
import re
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

_START = 8  # characters that a form is looked up by; a shorter secret, or a number, counts as a word alone
_SHORTEST, _FEWEST_DIGITS = 6, 8
_FEWEST_DIFFERENT = 2  # characters; `00000000` is a test's wrong code, and stands in many an id
_WORDS = re.compile(r"[A-Za-z0-9]+")
# These hold ids that Colonnade makes for the log itself, and numbers; nothing of a caller's gets there unchecked.
_IDS = frozenset(("@timestamp", "trace.id", "span.id", "parent.id", "process.pid", "event.duration", "event.id"))


@dataclass(frozen=True, slots=True)
class Leak:
    """`what` names the secret, which isn't repeated here; `line` is where it stands, with it blackened."""

    what: str
    form: str
    file: str
    line: str


@dataclass(slots=True)
class Ledger:
    """What is to stand in no log."""

    secrets: dict[str, str] = field(default_factory=dict)  # what it is, by its text

    def note(self, secret: object, what: str) -> None:
        """Remember it, unless it is so short that it stands in logs by chance, as six digits do in times."""
        text = str(secret)
        least = _FEWEST_DIGITS if text.isdigit() else _SHORTEST
        if len(text) >= least and len(set(text)) > _FEWEST_DIFFERENT:
            self.secrets.setdefault(text, what)

    def search(self, files: Iterable[Path]) -> list[Leak]:
        """Return every secret that stands in one of these, once for each file."""
        longer, words = self._forms()
        leaks: dict[tuple[str, str], Leak] = {}
        for file in files:
            for text, line in _texts(file):
                for secret, form in _found(text, longer, words):
                    black = line.replace(secret, "█" * 8)[:300]
                    leaks.setdefault((secret, file.name), Leak(self.secrets[secret], form, str(file), black))
        return list(leaks.values())

    def _forms(self) -> tuple[dict[str, list[tuple[str, str, str]]], dict[str, str]]:
        """Return the forms by their first characters, and the short secrets."""
        longer: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        words: dict[str, str] = {}
        for secret in self.secrets:
            if len(secret) < _START or secret.isdigit():
                words[secret] = secret
                continue
            for name, form in forms(secret):
                longer[form[:_START]].append((form, secret, name))
        return longer, words


def forms(secret: str) -> Iterator[tuple[str, str]]:
    """Return how a secret may be written, each form once. In Base64 it may begin at any of three places of a group."""
    seen = set()
    for name, form in (
        ("raw", secret),
        ("percent-encoded", quote(secret, safe="")),
        ("form-encoded", quote_plus(secret)),
        *(("Base64", form) for form in _in_base64(secret)),
        *(("URL-safe Base64", form.replace("+", "-").replace("/", "_")) for form in _in_base64(secret)),
    ):
        if len(form) >= _START and form not in seen:
            seen.add(form)
            yield name, form


def _in_base64(secret: str) -> Iterator[str]:
    raw = secret.encode("utf-8", "surrogateescape")
    for shift in range(3):
        encoded = b64encode(b"\0" * shift + raw).decode().rstrip("=")
        first, left = -(-shift * 8 // 6), (shift + len(raw)) * 8 % 6
        yield encoded[first : len(encoded) - bool(left)]


def _found(
    text: str, longer: dict[str, list[tuple[str, str, str]]], words: dict[str, str]
) -> Iterator[tuple[str, str]]:
    for place in range(len(text) - _START + 1):
        for form, secret, name in longer.get(text[place : place + _START], ()):
            if text.startswith(form, place):
                yield secret, name
    if words:
        for word in _WORDS.findall(text):
            if word in words:
                yield word, "raw"


def _texts(file: Path) -> Iterator[tuple[str, str]]:
    """Return what stands in the file's lines, each text once, with the first line that holds it."""
    seen: set[str] = set()
    for line in file.read_text("utf-8", "replace").splitlines():
        for text in _strings(line):
            if text not in seen:
                seen.add(text)
                yield text, line


def _strings(line: str) -> Iterator[str]:
    try:
        document = json.loads(line)
    except ValueError:
        yield line
        return
    if isinstance(document, dict):
        yield from (text for name, value in document.items() if name not in _IDS for text in _leaves(value))
    else:
        yield line


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (text for each in value for text in _leaves(each))
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for each in pair for text in _leaves(each))


ledger = Ledger()
