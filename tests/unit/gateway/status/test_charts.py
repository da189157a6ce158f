import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.status.charts import HEIGHT, WIDTH, draw, round_up

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.03, 0.05), (0.1, 0.1), (1, 1), (1.01, 2), (2.4, 2.5), (3, 5), (7, 10), (240, 250), (1001, 2000)],
)
def test_upper_edge_is_a_number_that_people_like_to_read(value: float, expected: float) -> None:
    assert round_up(value) == pytest.approx(expected)


@given(st.lists(st.none() | st.floats(0, 1e9), max_size=60), st.floats(0.001, 1000))
def test_whatever_is_drawn_stays_on_the_sheet(values: list[float | None], least: float) -> None:
    chart = draw({"a": values}, 60, least=least)
    assert chart.top >= least * 0.999
    for path in (chart.lines[0].line, chart.lines[0].area):
        numbers = [float(number) for number in _NUMBER.findall(path)]
        assert all(-0.1 <= x <= WIDTH for x in numbers[::2])
        assert all(-0.1 <= y <= HEIGHT for y in numbers[1::2])


def test_newest_value_is_at_the_right_and_a_gap_stays_empty() -> None:
    chart = draw({"a": [5.0, 10.0, None, 0.0]}, 4, least=10)
    assert chart.lines[0].line == "M0.0 40.0L100.0 0.0M250.0 80.0L300.0 80.0"


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw({"a": []}, 4, least=1).lines[0].line == ""
