"""What a refused client reads."""

import pytest

from gateway.errors import RateLimited


@pytest.mark.parametrize(
    ("seconds", "wait"),
    [
        (0, "a second"), (1, "a second"), (2, "2 seconds"), (120, "120 seconds"), (121, "3 minutes"),
        (3699, "62 minutes"), (7201, "3 hours"), (86_400, "24 hours"),
    ],
)  # fmt: skip
def test_refusal_by_a_limit_says_how_long_to_wait(seconds: int, wait: str) -> None:
    assert RateLimited(seconds).detail == f"Try again in {wait}."
