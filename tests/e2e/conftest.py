"""Fixtures over the whole running stack.

stack         session   Stack: url (the gateway), services and private (base URLs by program), pids, pid(name), ready(),
                        log(program), state (its folder), stop(). Starts once, and the tests of this folder share it
fault_stack   session   the same for tests that end its processes
place         session   Place: one of the ways to reach an installation, "direct" unless a test is marked `everywhere`
unique        function  letters that no other test has, for addresses and names
visitor       function  a person at `place` who has not registered yet; ada and grace have

A test that needs a stack of its own has `running_stack` and `state_folder` in stack.py.
"""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.e2e.places import STACKS, Installation, Place, direct, https_installation, prefix_installation
from tests.e2e.stack import ROOT, Stack, running_stack, state_folder
from tests.e2e.visitor import Visitor
from tests.groups import keep_together

SITE = "Ada & Söhne"  # what the shared stack is called


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with state_folder() as state, running_stack(state, SITE_NAME=SITE) as running:
        yield running


@pytest.fixture(scope="session")
def fault_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Its limit per user is out of the way: writers that are refused at once ask far more often than people."""
    routes = tmp_path_factory.mktemp("routes") / "routes.toml"
    ours = (ROOT / "gateway" / "routes.toml").read_text(encoding="utf-8")
    routes.write_text(ours.replace('"6000 per minute"', '"1000000 per minute"'), encoding="utf-8")
    with state_folder() as state, running_stack(state, ROUTES_FILE=str(routes)) as running:
        yield running


@pytest.fixture(scope="session")
def https_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with https_installation(tmp_path_factory.mktemp("https")) as installation:
        yield installation


@pytest.fixture(scope="session")
def prefix_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with prefix_installation(tmp_path_factory.mktemp("prefix")) as installation:
        yield installation


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest) -> Place:
    name = getattr(request, "param", "direct")
    behind: Stack | Installation = request.getfixturevalue(STACKS[name])
    return direct(behind) if isinstance(behind, Stack) else behind.places[name]


@pytest.fixture
def unique() -> str:
    return secrets.token_hex(6)


@pytest.fixture
async def visitor(place: Place) -> AsyncIterator[Visitor]:
    async with Visitor.at(place.url, **place.connecting) as visitor:
        yield visitor


@pytest.fixture
async def ada(place: Place, unique: str) -> AsyncIterator[Visitor]:
    async with Visitor.at(place.url, **place.connecting) as ada:
        assert (await ada.register(f"ada-{unique}@example.org")).status == 201
        yield ada


@pytest.fixture
async def grace(place: Place, unique: str) -> AsyncIterator[Visitor]:
    async with Visitor.at(place.url, **place.connecting) as grace:
        assert (await grace.register(f"grace-{unique}@example.org")).status == 201
        yield grace


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of one stack in one process: another would start a stack of its own."""
    keep_together(config, items, _stack_of)


def _stack_of(item: pytest.Item) -> str | None:
    if Path(__file__).parent not in item.path.parents:
        return None
    names = getattr(item, "fixturenames", ())
    if "place" in names:
        chosen = getattr(item, "callspec", None)
        return STACKS[chosen.params.get("place", "direct") if chosen else "direct"]
    return next((each for each in ("fault_stack", "stack") if each in names), None)
