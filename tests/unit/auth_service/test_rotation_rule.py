from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth_service.domain.refreshing import Presented, Rotation, Verdict, judge, limited_for

BORN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = BORN + timedelta(days=10)
SECOND = timedelta(seconds=1)


def session(**changes: Any) -> Rotation:
    """At generation 5, rotated a minute ago, its access token seen in use."""
    values: dict[str, Any] = {
        "secret_hash": b"5",
        "generation": 5,
        "confirmed_generation": 5,
        "created_at": BORN,
        "rotated_at": NOW - 60 * SECOND,
        "last_used_at": NOW - 60 * SECOND,
        "revoked_at": None,
        "window_started_at": NOW - 60 * SECOND,
        "window_count": 1,
    }
    return Rotation(**(values | changes))


def token(generation: int, secret: bytes | None = None, successor: bytes | None = None) -> Presented:
    return Presented(generation, secret or b"%d" % generation, (successor or b"%d" % (generation + 1),))


@pytest.mark.parametrize(
    ("presented", "changes", "verdict"),
    [
        pytest.param(token(5), {}, Verdict.ROTATE, id="current"),
        pytest.param(token(5), {"confirmed_generation": 4}, Verdict.ROTATE, id="current, not yet used"),
        pytest.param(token(4), {"confirmed_generation": 4}, Verdict.REPLAY, id="parent, answer perhaps lost"),
        pytest.param(
            token(4),
            {"confirmed_generation": 4, "rotated_at": BORN, "last_used_at": NOW - timedelta(days=29)},
            Verdict.REPLAY,
            id="parent, answer lost long ago",
        ),
        pytest.param(token(4), {"rotated_at": NOW - 29 * SECOND}, Verdict.REPLAY, id="parent, other tab was faster"),
        pytest.param(token(4), {"rotated_at": NOW - 30 * SECOND}, Verdict.REUSE, id="A2: parent after the grace"),
        pytest.param(token(3), {"rotated_at": NOW}, Verdict.REUSE, id="A2: grandparent at any time"),
        pytest.param(token(3), {"confirmed_generation": 4}, Verdict.REUSE, id="A2: grandparent, unconfirmed"),
        pytest.param(token(1), {}, Verdict.REUSE, id="A2: the first one"),
        pytest.param(token(6), {}, Verdict.REUSE, id="from a future that a restore undid"),
        pytest.param(token(5, secret=b"x"), {}, Verdict.REUSE, id="current generation, another secret"),
        pytest.param(token(4, successor=b"x"), {"rotated_at": NOW}, Verdict.REUSE, id="parent of another line"),
        pytest.param(token(5), {"revoked_at": NOW}, Verdict.REVOKED, id="ended"),
        pytest.param(token(1), {"revoked_at": NOW}, Verdict.REVOKED, id="ended, old token"),
        pytest.param(token(5), {"last_used_at": NOW - timedelta(days=30)}, Verdict.EXPIRED, id="idle for 30 days"),
        pytest.param(token(5), {"created_at": NOW - timedelta(days=90)}, Verdict.EXPIRED, id="90 days old"),
        pytest.param(token(5), {"created_at": NOW - timedelta(days=90) + SECOND}, Verdict.ROTATE, id="nearly so"),
        pytest.param(token(5), {"window_count": 60}, Verdict.TOO_OFTEN, id="sixty in a minute"),
        pytest.param(
            token(4), {"window_count": 60, "confirmed_generation": 4}, Verdict.TOO_OFTEN, id="repeats count too"
        ),
        pytest.param(token(3), {"window_count": 60}, Verdict.REUSE, id="a limit doesn't hide a thief"),
        pytest.param(
            token(5),
            {"window_count": 60, "window_started_at": NOW - timedelta(minutes=10)},
            Verdict.ROTATE,
            id="sixty, but the window is over",
        ),
    ],
)
def test_verdict(presented: Presented, changes: dict[str, Any], verdict: Verdict) -> None:
    assert judge(presented, session(**changes), NOW) is verdict


def test_limited_session_may_go_on_when_its_window_ends() -> None:
    assert limited_for(session(window_count=60), NOW) == timedelta(minutes=9)
    assert limited_for(session(window_count=59), NOW) == timedelta()
