"""docs/asvs.md has a verdict on every requirement that it lists, and names places that are there."""

import re

from tests.stores import ROOT

PAGE = ROOT / "docs" / "asvs.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if re.match(r"\| \d", line)]
COLUMNS, VERDICTS = 4, {"met", "not met", "n/a"}
LEVELS = {"1": 63, "2": 155}  # how many requirements of each the standard has that level 2 asks for


def test_every_requirement_is_there_once() -> None:
    numbers = [row[0] for row in ROWS]
    assert len(numbers) == len(set(numbers))
    assert {level: [row[1] for row in ROWS].count(level) for level in LEVELS} == LEVELS
    in_order = [tuple(map(int, number.split("."))) for number in numbers]
    assert in_order == sorted(in_order)
    assert {len(number) for number in in_order} == {3}


def test_each_requirement_has_a_verdict_and_a_reason() -> None:
    assert [row for row in ROWS if len(row) != COLUMNS or row[2] not in VERDICTS or not row[3]] == []


def test_counts_are_those_of_the_rows() -> None:
    told = re.search(r"(\d+) of its (\d+) requirements are met, (\d+) aren't .*, (\d+) don't apply", TEXT)
    assert told is not None
    verdicts = [row[2] for row in ROWS]
    expected = (verdicts.count("met"), len(ROWS), verdicts.count("not met"), verdicts.count("n/a"))
    assert tuple(map(int, told.groups())) == expected


def test_places_are_there() -> None:
    """Files and folders of the repository, and pages with their sections."""
    named = [name for name in re.findall(r"`([\w./-]+)`", TEXT) if "/" in name and not name.startswith("/")]
    starts = ("gateway/", "auth_service/", "user_service/", "file_service/", "shared/", "deploy/", "tests/", "docs/")
    assert [name for name in named if name.startswith(starts) and not (ROOT / name).exists()] == []
    linked = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", TEXT)
    assert [target for target in linked if not (PAGE.parent / target).resolve().exists()] == []
