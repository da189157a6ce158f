"""Fixtures of what is asked of a real Prometheus.

tools        session  Tools: prometheus, promtool, amtool
prometheus   session  Prometheus, which has watched a whole stack be used and broken (two minutes)
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dashboards.drill import drilled
from tests.dashboards.prometheus import Prometheus
from tests.dashboards.tools import ToolAbsent, Tools


@pytest.fixture(scope="session")
def tools() -> Tools:
    try:
        return Tools.find()
    except ToolAbsent as absent:
        pytest.exit(str(absent), returncode=2)


@pytest.fixture(scope="session")
async def prometheus(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prometheus]:
    folder: Path = tmp_path_factory.mktemp("drill")
    async with drilled(tools, folder) as prometheus:
        yield prometheus
