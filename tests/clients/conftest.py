"""A stack for clients, at the root of its public URL and below a path of it, and somebody there."""

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.e2e.stack import Stack, free_port, running_stack, state_folder
from tests.e2e.visitor import Visitor

_numbers = itertools.count()


@pytest.fixture(scope="session", params=["", "/at/home"], ids=["at the root", "below a path"])
def stack(request: pytest.FixtureRequest) -> Iterator[tuple[Stack, str]]:
    """Yield a stack and its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{request.param}"
    with state_folder() as state, running_stack(state, port, PUBLIC_URL=url) as running:
        yield running, url


@pytest.fixture
async def ada(stack: tuple[Stack, str]) -> AsyncIterator[Visitor]:
    async with Visitor.at(stack[1]) as ada:
        assert (await ada.register(f"ada-{next(_numbers)}@example.org")).status == 201
        yield ada
