"""Limits as people write them."""

import pytest

from gateway.limits.policy import LimitClass, PolicyError, Rate, parse_policy


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("50 per hour", (Rate(50, 3600),)),
        ("50 per hour, 200 per day", (Rate(50, 3600), Rate(200, 86_400))),
        ("200 per day,50 per hour", (Rate(50, 3600), Rate(200, 86_400))),
        ("20 per 15 minutes", (Rate(20, 900),)),
        ("  1  per 1 second ", (Rate(1, 1),)),
        ("3 per 2 days", (Rate(3, 172_800),)),
        ("1000000 per 31 days", (Rate(1_000_000, 2_678_400),)),
        ("1000 per 1 day", (Rate(1000, 86_400),)),
        ("100 per week", (Rate(100, 604_800),)),
        ("10 Per Second", (Rate(10, 1),)),
        ("5/minute", (Rate(5, 60),)),
        ("5 / 2 min", (Rate(5, 120),)),
        ("10/s; 100/15m", (Rate(10, 1), Rate(100, 900))),
        ("50 per hour and 200 per day", (Rate(50, 3600), Rate(200, 86_400))),
        ("50 per hour;200 per day", (Rate(50, 3600), Rate(200, 86_400))),
    ],
)
def test_policy_reads_as_written(text: str, rates: tuple[Rate, ...]) -> None:
    assert parse_policy(text) == rates


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a limit"),
        ("50", "is not a limit"),
        ("50 per fortnight", "is not a limit"),
        ("50//hour", "is not a limit"),
        ("50/", "is not a limit"),
        ("/hour", "is not a limit"),
        ("50 hour", "is not a limit"),
        ("50 per", "is not a limit"),
        ("50perhour", "is not a limit"),
        ("50 per per hour", "is not a limit"),
        ("50 per 1.5 hours", "is not a limit"),
        ("50 per month", "is not a limit"),
        ("50 per mins", "is not a limit"),
        ("1,000 per hour", "'1' is not a limit"),
        ("1_000 per hour", "is not a limit"),
        ("50 per hour or 200 per day", "is not a limit"),
        ("50 per hour and", "is not a limit"),
        (f"{'9' * 5000} per hour", "is not a limit"),
        ("50 per ho\x00ur", "is not a limit"),
        ("many per hour", "is not a limit"),
        ("-1 per hour", "is not a limit"),
        ("1.5 per hour", "is not a limit"),
        ("\u0665 per hour", "is not a limit"),
        ("5 per \u00b2 hours", "is not a limit"),
        ("50 per hour,", "is not a limit"),
        ("50 per hour 200 per day", "is not a limit"),
        ("0 per hour", "the limit must be"),
        ("1000001 per hour", "the limit must be"),
        ("5 per 0 hours", "the window must be"),
        ("5 per 32 days", "the window must be"),
        ("5 per minute, 6 per 60 seconds", "one window twice"),
    ],
)
def test_unreadable_policy_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        parse_policy(text)


def test_user_class_counts_users_and_strangers_by_address() -> None:
    limit = LimitClass("user", parse_policy("3 per hour"), "user")
    assert limit.subject("192.0.2.1", "ada") == "user:ada"
    assert limit.subject("192.0.2.1") == "addr:192.0.2.1"


def test_address_class_counts_by_address_whoever_calls() -> None:
    assert LimitClass("login", parse_policy("3 per hour")).subject("192.0.2.1", "ada") == "addr:192.0.2.1"
