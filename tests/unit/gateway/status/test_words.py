import pytest

from gateway.status import words


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (0.04, "0.04"), (3.2, "3.2"), (3.25, "3.25"), (47.31, "47.3"), (100.4, "100"), (1203, "1,203")],
)
def test_numbers_have_the_digits_that_count(value: float, expected: str) -> None:
    assert words.number(value) == expected


def test_units_are_those_that_fit() -> None:
    assert (words.milliseconds(0.0123), words.milliseconds(2.5)) == ("12.3 ms", "2.5 s")
    assert (words.size(76_543_210), words.size(2.0**30), words.size(12)) == ("73 MiB", "1 GiB", "12 B")
    assert [words.duration(each) for each in (5, 61, 3_600, 3_720, 97_000)] == [
        "5 s",
        "1 min",
        "1 h",
        "1 h 2 min",
        "1 d 2 h",
    ]
    assert words.percent(0.0125) == "1.25 %"


def test_what_is_not_known_is_a_dash() -> None:
    assert {words.number(None), words.percent(None), words.milliseconds(None), words.size(None)} == {"\u2013"}
