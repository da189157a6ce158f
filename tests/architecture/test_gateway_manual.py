"""docs/gateway.md holds every key of a route file and every code of the gateway, and what it shows can be copied."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.limits.policy import parse_policy
from gateway.routes import limits, load, upstreams
from gateway.routes.load import load_routes
from gateway.routes.match import RouteTable
from gateway.routes.model import RoutesError
from gateway.settings import BUILT_IN
from shared.errors import AppError
from shared.web.problem_docs import known_errors
from tests.stores import ROOT

PAGE = (ROOT / "docs" / "gateway.md").read_text(encoding="utf-8")
SHIPPED = (ROOT / "gateway" / "routes.toml").read_text(encoding="utf-8")
MOST_LINES = 380
REQUIRED = {"name", "prefix", "exact", "methods", "upstream", "auth", "limit", "timeout", "policy", "key", "url"}
FILE = """
[limits.wide]
policy = "1000000 per minute"
key = "user"
{limits}
[upstreams.notes]
url = "http://127.0.0.1:9000"
{upstreams}
[[route]]
name = "notes"
prefix = "/v1/notes"
methods = ["GET"]
upstream = "notes"
auth = "optional"
limit = "wide"
{route}
"""


def rows(heading: str) -> Iterator[list[str]]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| ") and "`" in line:
            yield [cell.strip() for cell in line.strip("|").split("|")]


def documented() -> dict[tuple[str, str], tuple[str, str]]:
    """Return (default, most), as TOML or empty, by the table and the key."""
    found, table = {}, "route"
    for keys, default, most, *_ in rows("Every key"):
        if kind := re.match(r"\*\*(\w+)\*\*", keys):
            table = kind[1]
        for key in re.findall(r"`(\w+)`", keys):
            found[table, key] = (default.strip("`"), most.strip("`"))
    return found


KEYS = documented()
WITH_DEFAULT = {place: default for place, (default, _) in KEYS.items() if place[1] not in REQUIRED}
BOUNDED = {place: most for place, (_, most) in KEYS.items() if most}


def loaded(folder: Path, **lines: str) -> RouteTable:
    """Load a file with these lines in its tables."""
    given = {"limits": "", "upstreams": "", "route": ""} | lines
    given["route"] += "" if "\ntimeout = " in given["route"] else "\ntimeout = 10"
    given["route"] += "\ncache = true" if "cache_" in given["route"] else ""
    text = FILE.format(**given)
    if "max_age = 7" in given["route"]:  # its bound, which is for routes that ask for a session
        text = text.replace('auth = "optional"', 'auth = "session"')
    (folder / "routes.toml").write_text(text, "utf-8")
    return load_routes(folder / "routes.toml", dict.fromkeys(BUILT_IN, ""), parse_policy)


def test_every_key_that_a_route_file_knows_is_in_the_table_and_no_other() -> None:
    known = {"route": load._ROUTE_KEYS, "limits": limits._KEYS, "upstreams": upstreams._KEYS}
    assert set(KEYS) == {(table, key) for table, keys in known.items() for key in keys}


def test_required_keys_are_those_without_a_default() -> None:
    assert {key for (_, key), (default, _) in KEYS.items() if default in ("required", "one of them")} == REQUIRED


@pytest.mark.parametrize(("table", "key"), WITH_DEFAULT)
def test_documented_default_is_what_holds_unless_given(tmp_path: Path, table: str, key: str) -> None:
    """Writing it down changes nothing."""
    cached = "\ncache = true" if key.startswith("cache_") else ""
    plain = loaded(tmp_path, route=cached)
    explicit = loaded(tmp_path, **{table: f"\n{key} = {WITH_DEFAULT[table, key]}"})
    assert explicit.limits == plain.limits
    assert [repr(route).partition("line=")[0] for route in explicit.routes] == [
        repr(route).partition("line=")[0] for route in plain.routes
    ]
    assert explicit.upstream_settings == plain.upstream_settings


def more(value: Any) -> str:
    return f"{value + 1}" if isinstance(value, int) else f'"{int(value.split()[0]) + 1} {value.split()[1]}"'


@pytest.mark.parametrize(("table", "key"), BOUNDED)
def test_documented_bound_is_taken_and_more_is_not(tmp_path: Path, table: str, key: str) -> None:
    most = BOUNDED[table, key]
    loaded(tmp_path, **{table: f"\n{key} = {most}"})
    with pytest.raises(RoutesError, match=key):
        loaded(tmp_path, **{table: f"\n{key} = {more(tomllib.loads(f'x = {most}')['x'])}"})


def test_examples_can_be_appended_to_the_shipped_file(tmp_path: Path) -> None:
    examples = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(examples) >= 5
    (tmp_path / "routes.toml").write_text(SHIPPED + "\n".join(examples), "utf-8")
    load_routes(tmp_path / "routes.toml", dict.fromkeys(BUILT_IN, ""), parse_policy)


def test_every_code_of_the_gateway_is_told_with_its_status() -> None:
    told: dict[str, set[int]] = {}
    for statuses, codes, _ in rows("Every answer of the gateway's own"):
        allowed = {int(status) for status in statuses.split(", ")}
        told |= dict.fromkeys(re.findall(r"`(\w+)`", codes), allowed)
    known_errors(["gateway"])
    assert all(AppError.registry[code].status in statuses for code, statuses in told.items())
    own = {error.code for error in known_errors(["gateway"]) if error.__module__.startswith("gateway.")}
    assert own <= set(told)


def test_page_is_short_enough_to_be_read() -> None:
    assert len(PAGE.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md")), ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)#?([^):\s]*)\)", page.read_text(encoding="utf-8")):
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
