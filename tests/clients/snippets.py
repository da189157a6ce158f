"""The JavaScript of a page of the manual as one program, which says what each of its blocks has printed."""

import json
import re
from dataclasses import dataclass

from tests.stores import ROOT

_BLOCK = re.compile(r"(?P<mark><!-- not run: [^\n]+ -->\n)?```js\n(?P<text>.*?)```", re.DOTALL)
_PROMISE = re.compile(r"^\s*console\.log\(.*\);\s+// (.+)$", re.MULTILINE)
_SEPARATOR = "\x1e"
_SHOWN = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Snippet:
    """`promises` are the lines that it prints, by the comments beside them. A `marked` one is for browsers alone."""

    text: str
    marked: bool

    @property
    def promises(self) -> list[str]:
        return [promise.strip() for promise in _PROMISE.findall(self.text)]


def snippets_of(page: str) -> list[Snippet]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [Snippet(found["text"], found["mark"] is not None) for found in _BLOCK.finditer(text)]


def program_of(snippets: list[Snippet], url: str) -> str:
    """Return one module of them; imports may stand anywhere in it."""
    separate = f"console.log({json.dumps(_SEPARATOR)});\n"
    return separate.join(snippet.text for snippet in snippets).replace(_SHOWN, url)


def printed_by_each(said: str) -> list[list[str]]:
    return [[line for line in part.splitlines() if line] for part in said.split(_SEPARATOR)]
