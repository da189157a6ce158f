"""Fixtures over the release before, which .upgrade/ holds once it was needed.

previous   session   Source: its tree, and an interpreter with the packages that it had locked
columns    session   Columns: gateways and services of both releases beside each other, on this tree's schema; each test
                     runs with every gateway before its own release's services, and before the other's
"""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.stack import state_folder
from tests.previous_release import previous_source
from tests.replicated.replica import Source
from tests.replicated.stack import Options, replicated
from tests.upgrade.columns import Columns


@pytest.fixture(scope="session")
def previous() -> Source:
    return previous_source()


@pytest.fixture(scope="session")
async def _standing(previous: Source) -> AsyncIterator[Columns]:
    with state_folder() as folder:
        async with replicated(folder, Options(source=previous)) as stack:
            columns = Columns(stack)
            await columns.stand(previous)
            yield columns


@pytest.fixture(scope="session", params=["straight", "crossed"])
async def columns(request: pytest.FixtureRequest, _standing: Columns, previous: Source) -> Columns:
    await _standing.arrange(previous, crossed=request.param == "crossed")
    return _standing
