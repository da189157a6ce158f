"""Fixtures over the whole running stack.

stack         session   Stack: url (the gateway), services and private (base URLs by program), pids, pid(name), ready(),
                        log(program), state (its folder), stop(). Starts once, and the tests of this folder share it
fault_stack   session   the same for tests that end its processes
unique        function  letters that no other test has, for addresses and names
visitor       function  a person who has not registered yet; ada and grace have

A test that needs a stack of its own has `running_stack` and `state_folder` in stack.py.
"""

import secrets
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.e2e.stack import ROOT, Stack, running_stack, state_folder
from tests.e2e.visitor import Visitor


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with state_folder() as state, running_stack(state) as running:
        yield running


@pytest.fixture(scope="session")
def fault_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Its limit per user is out of the way: writers that are refused at once ask far more often than people."""
    routes = tmp_path_factory.mktemp("routes") / "routes.toml"
    ours = (ROOT / "gateway" / "routes.toml").read_text(encoding="utf-8")
    routes.write_text(ours.replace('"6000 per minute"', '"1000000 per minute"'), encoding="utf-8")
    with state_folder() as state, running_stack(state, ROUTES_FILE=str(routes)) as running:
        yield running


@pytest.fixture
def unique() -> str:
    return secrets.token_hex(6)


@pytest.fixture
async def visitor(stack: Stack) -> AsyncIterator[Visitor]:
    async with Visitor.at(stack.url) as visitor:
        yield visitor


@pytest.fixture
async def ada(stack: Stack, unique: str) -> AsyncIterator[Visitor]:
    async with Visitor.at(stack.url) as ada:
        assert (await ada.register(f"ada-{unique}@example.org")).status == 201
        yield ada


@pytest.fixture
async def grace(stack: Stack, unique: str) -> AsyncIterator[Visitor]:
    async with Visitor.at(stack.url) as grace:
        assert (await grace.register(f"grace-{unique}@example.org")).status == 201
        yield grace


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one stack in one process when several run tests: the other would start a stack of its own."""
    for item in items:
        for fixture in ("fault_stack", "stack"):
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(fixture))
