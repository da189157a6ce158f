"""The shell blocks of the pages on accounts, profiles and files, as somebody pastes them from top to bottom."""

import re
from dataclasses import dataclass

from tests.stores import ROOT

PAGES = tuple(
    str(path.relative_to(ROOT))
    for path in (
        *(ROOT / "docs" / f"{name}.md" for name in ("auth", "profiles", "files")),
        *sorted((ROOT / "docs" / "auth").glob("*.md")),
        *sorted((ROOT / "docs" / "files").glob("*.md")),
    )
)
_BLOCK = re.compile(r"(?P<mark><!-- not run: [^\n]+ -->\n)?```sh\n(?P<text>.*?)```", re.DOTALL)
_OF_THE_API = re.compile(r"\bcurl\b|\(\) \{")  # requests, and functions that they use
_REQUEST = re.compile(r"^(?!\s*#)(?!.*\(\) \{).*\b(curl|mailed)\b")  # no comment, and no function's definition
_IN_A_ROW = re.compile(r"`((?:[A-Z]+=\$\()?curl [^`]+)`")  # what it answers may be kept for the next
_EXPECTED = re.compile(r"# (\d{3})\b")


@dataclass(frozen=True, slots=True)
class Block:
    """`line` is where its text begins in the page. What is `marked` needs something that isn't there."""

    line: int
    text: str
    marked: bool


def blocks_of(page: str) -> list[Block]:
    """Return the blocks with requests in them, in their order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(text.count("\n", 0, found.start("text")) + 1, found["text"], found["mark"] is not None)
        for found in _BLOCK.finditer(text)
        if _OF_THE_API.search(found["text"])
    ]


def script_of(page: str, *, below: int = 0, above: float = float("inf")) -> str:
    """Return what is pasted, with `at LINE STATUS` before each line with requests; its comment says the status."""
    return "".join(_told(block) for block in blocks_of(page) if not block.marked and below < block.line < above)


def line_of_rows(page: str) -> int:
    """Return where the page's first table with requests begins."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return next(number for number, line in enumerate(text.splitlines(), 1) if _is_row(line) and _IN_A_ROW.search(line))


def rows_of(page: str) -> list[str]:
    """Return the requests in the page's tables. Some have made-up values in them, for what only a person knows."""
    text = (ROOT / page).read_text(encoding="utf-8")
    rows = [found for line in text.splitlines() if _is_row(line) for found in _IN_A_ROW.findall(line)]
    return sorted(rows, key=lambda row: "account/deletion" in row)  # last: nobody is left behind it


def _is_row(line: str) -> bool:
    return line.startswith("|")


def _told(block: Block) -> str:
    lines, number = [], block.line
    for line in re.split(r"(?<!\\)\n", block.text):  # a line goes on behind a backslash
        if _REQUEST.match(line.replace("\\\n", " ")):
            expected = _EXPECTED.search(line)
            lines.append(f"at {number} {expected[1] if expected else ''}")
        lines.append(line)
        number += line.count("\n") + 1
    return "\n".join(lines) + "\n"
