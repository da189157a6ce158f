"""What docs/files/javascript.md shows, from top to bottom in node: every block prints what stands beside it."""

from pathlib import Path

import pytest
from PIL import Image

from tests.clients.processes import run
from tests.clients.snippets import Snippet, printed_by_each, program_of, snippets_of
from tests.e2e.stack import Stack

PAGE = "docs/files/javascript.md"
HERE = Path(__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what the page takes for there: a picture of hers, and what its package.json would name."""
    Image.new("RGB", (640, 480), "teal").save(tmp_path / "me.png")
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules", target_is_directory=True)
    return tmp_path


def snippets() -> list[Snippet]:
    return [snippet for snippet in snippets_of(PAGE) if not snippet.marked]


async def test_every_block_prints_what_stands_beside_it(stack: tuple[Stack, str], folder: Path) -> None:
    shown = snippets()
    (folder / "page.mjs").write_text(program_of(shown, stack[1]), encoding="utf-8")
    printed = printed_by_each(await run("node", "page.mjs", folder=folder))
    assert printed == [snippet.promises for snippet in shown]


def test_few_blocks_promise_nothing_and_fewer_are_for_browsers_alone() -> None:
    """Those that only make what the next one uses, or define it; a wrong one of these makes that one fail."""
    assert sum(not snippet.promises for snippet in snippets()) <= 3
    assert sum(snippet.marked for snippet in snippets_of(PAGE)) <= 1
    assert len(snippets()) > 20
