"""Pages with requests to paste begin alike, so that whoever has read one can read all, and paste any after another."""

import pytest

from tests.docs.pages import PAGES, blocks_of
from tests.stores import ROOT

_VISIT = (ROOT / "README.md").read_text(encoding="utf-8").partition("```sh\nURL=")[2].partition("```")[0]
_ALIKE = ("curl() {", "field() {", "EMAIL=", "TOKEN=")
_HEAD = "\n".join(line for line in _VISIT.splitlines() if line.startswith(_ALIKE))


@pytest.mark.parametrize("page", [page for page in PAGES if any("$A" in block.text for block in blocks_of(page))])
def test_page_begins_as_the_readmes_visit_does(page: str) -> None:
    first = next(block for block in blocks_of(page) if not block.marked)
    assert _HEAD in first.text
