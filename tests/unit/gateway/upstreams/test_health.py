from gateway.upstreams.health import (
    FAILURES,
    FIRST_EJECTION,
    FORGIVEN,
    LEAVING,
    LONGEST_EJECTION,
    PATIENCE,
    PROBE,
    Health,
    Standing,
)


def standing(health: Health, now: float, *, repeatable: bool = True) -> Standing:
    return health.standing(now, repeatable=repeatable)


def ejected(now: float = 100.0) -> Health:
    health = Health()
    assert [health.failed(now) for _ in range(FAILURES)] == [False] * (FAILURES - 1) + [True]
    return health


def test_success_in_between_starts_the_count_anew() -> None:
    health = Health()
    for _ in range(3 * FAILURES):
        health.failed(1.0)
        health.succeeded(1.0)
    assert standing(health, 1.0) is Standing.IN


def test_one_probe_at_a_time_decides_whether_it_comes_back() -> None:
    """G31"""
    health = ejected(100.0)
    back = 100.0 + FIRST_EJECTION
    assert standing(health, back - 0.01) is Standing.OUT
    assert standing(health, back) is Standing.PROBE
    health.chosen(back)
    assert standing(health, back) is Standing.OUT
    health.succeeded(back + 0.1)
    assert standing(health, back + 0.1) is Standing.IN


def test_probe_that_never_ends_gets_a_successor() -> None:
    health = ejected(100.0)
    health.chosen(101.0)
    assert standing(health, 101.0 + PROBE) is Standing.PROBE


def test_each_failed_probe_doubles_the_time_up_to_a_bound() -> None:
    health, now, times = ejected(100.0), 100.0, []
    for _ in range(6):
        until = now
        while standing(health, until) is Standing.OUT:
            until += 0.25
        times.append(until - now)
        now = until
        health.chosen(now)
        assert not health.failed(now), "it is out already"
    assert times == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert times[-1] == LONGEST_EJECTION


def test_who_refuses_connections_is_the_last_choice_and_tried_again_soon() -> None:
    health, now = Health(), 100.0
    assert [health.failed(now, refused=True) for _ in range(FAILURES)][-1]
    for _ in range(4):
        assert standing(health, now, repeatable=False) is Standing.LAST_RESORT
        now += LONGEST_EJECTION
        health.chosen(now)
        assert not health.failed(now, refused=True)
        assert standing(health, now + FIRST_EJECTION) is Standing.PROBE


def test_stragglers_do_not_prolong_an_ejection() -> None:
    health = ejected(100.0)
    assert not health.failed(100.1)
    assert standing(health, 100.0 + FIRST_EJECTION) is Standing.PROBE


def test_long_service_makes_the_next_ejection_short_again() -> None:
    health = ejected(100.0)
    health.chosen(101.0)
    health.failed(101.0)
    health.succeeded(103.0)
    now = 104.0 + FORGIVEN
    for _ in range(FAILURES):
        health.failed(now)
    assert standing(health, now + FIRST_EJECTION) is Standing.PROBE


def test_probe_is_left_to_a_repeatable_request_for_a_while() -> None:
    health = ejected(100.0)
    due = 100.0 + FIRST_EJECTION
    assert standing(health, due, repeatable=False) is Standing.OUT
    assert standing(health, due + PATIENCE, repeatable=False) is Standing.PROBE


def test_leaving_instance_is_the_last_choice_until_it_is_back() -> None:
    health = Health()
    assert health.left(100.0)
    assert standing(health, 100.0) is Standing.LAST_RESORT
    health.chosen(100.0 + LEAVING)
    assert not health.left(100.1 + LEAVING), "it is known already"
    health.succeeded(105.0)
    assert standing(health, 105.0) is Standing.IN


def test_leaving_instance_is_gone_with_its_first_failure() -> None:
    health = Health()
    health.left(100.0)
    assert health.failed(100.1)
    assert standing(health, 100.1) is Standing.OUT
