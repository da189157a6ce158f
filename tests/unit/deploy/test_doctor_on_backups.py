from datetime import UTC, datetime, timedelta

import pytest

from deploy.doctor.checks.backups import backups
from deploy.doctor.finding import Level
from deploy.doctor.stack import Backups, Stack

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("last", "since", "level", "what"),
    [
        pytest.param(HOUR, 40 * DAY, Level.OK, "the last one is 1 h old", id="fresh"),
        pytest.param(25 * HOUR, 40 * DAY, Level.OK, "the last one is 25 h old", id="a daily one that takes an hour"),
        pytest.param(27 * HOUR, 40 * DAY, Level.WARN, "the last one is 27 h old", id="a missed one"),
        pytest.param(8 * DAY, 40 * DAY, Level.FAIL, "the last one is 8 days old", id="a week without"),
        pytest.param(None, HOUR, Level.OK, "none yet, in 1 h", id="a stack of today"),
        pytest.param(None, 40 * DAY, Level.WARN, "none yet, in 40 days", id="nobody ever thought of it"),
    ],
)
def test_age_of_the_last_backup(last: timedelta | None, since: timedelta, level: Level, what: str) -> None:
    now = datetime.now(UTC)
    stack = Stack("http://127.0.0.1", {}, {}, Backups(now - last if last else None, now - since))
    (finding,) = backups(stack)
    assert (finding.level, finding.what) == (level, what)


def test_where_nothing_is_known_of_backups_nothing_is_said() -> None:
    assert not backups(Stack("http://127.0.0.1", {}, {}))
