"""What people paste into a shell. Pages with requests begin alike, so that whoever has read one can read all, and paste
any after another.

zsh, which macOS has, takes `#` on its command line for a word like others until `setopt interactivecomments`: an
apostrophe behind it swallows all that follows. What is pasted at once is read before any of it has been done.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, blocks_of
from tests.stores import ROOT

COMMENTS_ON = "setopt interactivecomments 2>/dev/null || :\n"
_FOLDERS = ("docs", "deploy", "examples")
_ALL = sorted([*ROOT.glob("*.md"), *(page for folder in _FOLDERS for page in (ROOT / folder).rglob("*.md"))])
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"(?:^|\s)#(?:\s.*)?$", re.MULTILINE)
_MEANS_SOMETHING = re.compile(r"['\"`()*?\[\]{};&|<>$!~]")
_VISIT = (ROOT / "README.md").read_text(encoding="utf-8").partition("## A visit")[2].partition("\n## ")[0]
_ALIKE = ("setopt ", "URL=", "curl() {", "field() {", "EMAIL=", "TOKEN=")
_HEAD = "\n".join(line for line in _VISIT.splitlines() if line.startswith(_ALIKE))


@pytest.mark.parametrize("page", [page for page in PAGES if any("$A" in block.text for block in blocks_of(page))])
def test_page_begins_as_the_readmes_visit_does(page: str) -> None:
    first = next(block for block in blocks_of(page) if not block.marked)
    assert _HEAD in first.text


def comments_that_zsh_reads(page: Path) -> Iterator[str]:
    """Yield the comments up to the block that has zsh heed them, with that block's own."""
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        yield from _COMMENT.findall(block)
        if block.startswith(COMMENTS_ON):
            return


@pytest.mark.parametrize("page", _ALL, ids=lambda page: str(page.relative_to(ROOT)))
def test_comment_that_zsh_takes_for_words_holds_nothing_up(page: Path) -> None:
    assert not [comment for comment in comments_that_zsh_reads(page) if _MEANS_SOMETHING.search(comment)]


def test_apostrophe_in_a_comment_is_found(tmp_path: Path) -> None:
    page, visit = tmp_path / "page.md", "# another person's\ncurl $URL # isn't\n"
    page.write_text(f"```sh\n{visit}```\n", encoding="utf-8")
    assert list(comments_that_zsh_reads(page)) == ["# another person's", " # isn't"]
    page.write_text(f"```sh\n{COMMENTS_ON}curl $URL\n```\n```sh\n{visit}```\n", encoding="utf-8")
    assert not list(comments_that_zsh_reads(page))
