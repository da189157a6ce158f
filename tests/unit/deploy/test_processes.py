import stat
from pathlib import Path

import pytest

from deploy.local.processes import begin_log


@pytest.mark.parametrize("before", [None, "left by a release that made it for all to read"])
def test_log_begins_empty_and_for_its_owner_alone(tmp_path: Path, before: str | None) -> None:
    log = tmp_path / "gateway.err"
    if before:
        log.write_text(before)
        log.chmod(0o644)
    begin_log(log)
    assert (log.read_bytes(), stat.S_IMODE(log.stat().st_mode)) == (b"", 0o600)
