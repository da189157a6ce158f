"""Sizes as every page says them: in the units that the settings and their documentation use."""

import pytest

from shared.web.pages.languages import ENGLISH, Language

GERMAN = Language("de", {}, ENGLISH.months)


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 B"),
        (1_023, "1023 B"),
        (1_024, "1 KiB"),
        (1_280, "1.3 KiB"),
        (1_536, "1.5 KiB"),
        (150 * 1024 + 100, "150 KiB"),
        (2**20 - 1, "1 MiB"),
        (100 * 2**20 - 1, "100 MiB"),
        (1_073_741_824, "1 GiB"),
        (5_368_709_120, "5 GiB"),
        (2**50, "1 PiB"),
        (2**61, "2048 PiB"),
    ],
)
def test_size_is_told_in_binary_units(count: int, told: str) -> None:
    assert ENGLISH.size(count) == told


def test_size_is_told_with_a_comma_in_german() -> None:
    assert (GERMAN.size(1_536), GERMAN.size(1_024)) == ("1,5 KiB", "1 KiB")
