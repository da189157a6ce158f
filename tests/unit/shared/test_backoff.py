import pytest

from shared.backoff import Backoff


def test_delay_doubles_from_a_tenth_of_a_second_to_five() -> None:
    backoff = Backoff()
    delays = [backoff.delay(lived=1.0) for _ in range(8)]
    assert delays == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])


def test_delay_starts_anew_after_a_steady_life() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.delay(lived=1.0)
    assert backoff.delay(lived=30.0) == pytest.approx(0.1)
    assert backoff.delay(lived=1.0) == pytest.approx(0.2)
