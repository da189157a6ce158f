"""Every request that the pages show, against a running stack (`make try`), from top to bottom, each page twice.

Needs bash, curl, openssl, unzip and make, which is why it has a make target of its own.
"""

import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from PIL import Image

from tests.docs.pages import PAGES, blocks_of, line_of_rows, rows_of, script_of
from tests.docs.shell import paste
from tests.e2e.stack import Stack, running_stack, state_folder

# Whoever goes through the tables: an administrator who has a list of two files, and has kept what requests ask for.
SOMEBODY = """
at 1000
make admin EMAIL=$EMAIL
LOGIN=$(curl $URL/v1/auth/login -H "$J" -d "{$ME}")
A="Authorization: Bearer $(echo "$LOGIN" | field access_token)"  REFRESH=$(echo "$LOGIN" | field refresh_token)
ID=${ID:-$(python3 -c 'import uuid; print(uuid.uuid4())')}  T=made-up  C=made-up  P=made-up  CH=$(printf %043d 0)
echo notes > notes.txt
for NAME in a b; do curl "$URL/v1/files?name=$NAME" -H "$A" -T notes.txt -X POST; done
CURSOR=$(curl "$URL/v1/files?limit=1" -H "$A" | field next_cursor)
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with state_folder() as state, running_stack(state, verb="try") as running:
        yield running


def next_second() -> None:
    """Wait for it: people of the pages are named for the second in which they register."""
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(0.02)


def with_pictures(folder: Path) -> Path:
    folder.mkdir()
    for name in ("me.jpeg", "me.png", "photo.png"):
        Image.new("RGB", (640, 480), "teal").save(folder / name)
    return folder


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)])
def test_page_holds_what_it_shows_as_often_as_it_is_pasted(page: str, stack: Stack, tmp_path: Path) -> None:
    for turn in ("first", "second"):
        next_second()
        pasted = paste(script_of(page), stack, with_pictures(tmp_path / turn))
        assert not pasted.surprises, (pasted.surprises, pasted.ran.stdout[-3000:], pasted.ran.stderr[-3000:])
        assert pasted.ran.returncode == 0, (pasted.calls[-1:], pasted.ran.stdout[-3000:], pasted.ran.stderr[-3000:])
        assert pasted.calls or all(block.marked for block in blocks_of(page))


@pytest.mark.parametrize("page", ["docs/auth.md", "docs/files.md"])
def test_row_of_a_table_is_a_request_that_the_api_knows(page: str, stack: Stack, tmp_path: Path) -> None:
    """It may be refused, since a code or token in it is made up: but neither for its form, nor as going nowhere."""
    rows = rows_of(page)
    assert len(rows) > 15
    told = "\n".join(f"at {number}\n{row} > answer || true" for number, row in enumerate(rows, 1))
    next_second()
    pasted = paste(script_of(page) + SOMEBODY + told, stack, with_pictures(tmp_path / "folder"))
    assert {call.line for call in pasted.calls} >= set(range(1, len(rows) + 1)), pasted.ran.stderr
    answers = [(rows[call.line - 1], call) for call in pasted.calls if call.line in range(1, len(rows) + 1)]
    assert not [(row, call) for row, call in answers if not is_known(row, call.status) or not call.went_well]


def test_rows_of_files_do_what_they_say_and_so_do_the_lines_below_them(stack: Stack, tmp_path: Path) -> None:
    """All of them, pasted from top to bottom with a file of the same name about: each is answered, and kept."""
    page, rows = "docs/files.md", "\n".join(f"at 1000\n{row}" for row in rows_of("docs/files.md"))
    there = line_of_rows(page)
    next_second()
    pasted = paste(f"{script_of(page, above=there)}{rows}\n{script_of(page, below=there)}", stack, tmp_path)
    assert len([call for call in pasted.calls if call.line == 1000]) == len(rows_of(page))
    assert not [call for call in pasted.calls if call.line == 1000 and (call.status >= 400 or not call.went_well)]
    assert not pasted.surprises, (pasted.surprises, pasted.ran.stdout[-3000:], pasted.ran.stderr[-3000:])
    assert pasted.ran.returncode == 0, (pasted.ran.stdout[-3000:], pasted.ran.stderr[-3000:])


def is_known(row: str, status: int) -> bool:
    if status == HTTPStatus.NOT_FOUND:
        return "ID" in row or "PROVIDER" in row
    malformed = (HTTPStatus.BAD_REQUEST, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return 0 < status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in malformed


def test_few_blocks_need_what_isnt_there() -> None:
    blocks = [block for page in PAGES for block in blocks_of(page)]
    assert sum(block.marked for block in blocks) <= 8
    assert len(blocks) > 50
