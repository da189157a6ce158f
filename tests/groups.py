"""Keeps tests together in one process when several run tests, so that what they share starts once."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def keep_together(
    config: pytest.Config, items: Iterable[pytest.Item], group_of: Callable[[pytest.Item], str | None]
) -> None:
    """Have tests of one group run in one process.

    xdist groups by what follows an `@` in a test's id. It would put it there itself for tests that are marked, but
    writes it where pytest 9.2 doesn't read it any more.
    """
    if not getattr(config.option, "loadgroup", False):  # false but in xdist's workers
        return
    for item in items:
        if (group := group_of(item)) is not None:
            named: Any = item
            named._id = type(named._id).parse(f"{item.nodeid}@{group}")
            assert item.nodeid.endswith(f"@{group}")
