from pathlib import Path

import pytest

from tests.unit.gateway.routes.loading import Load


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return Load(tmp_path / "routes.toml")
