"""Fixtures over the whole running stack. It starts once per session, and the tests of this folder share it in order.

stack    session   Stack: url (the gateway), services and private (base URLs by program), pids, state (its folder),
                   kill(name), log(program). For a stack of one's own: `running_stack` in tests/stack.py
"""

from collections.abc import Iterator

import pytest

from tests.stack import Stack, running_stack, state_folder

__all__ = ["Stack"]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with state_folder() as state, running_stack(state) as running:
        yield running
