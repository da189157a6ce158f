from gateway.limits.headers import limit_headers
from gateway.limits.policy import LimitClass, parse_policy
from gateway.limits.verdict import Standing, verdict

ANONYMOUS = LimitClass("anonymous", parse_policy("50 per hour, 200 per day"))


def test_allowed_call_is_told_all_rates_and_the_one_with_least_left() -> None:
    headers = dict(limit_headers(verdict(ANONYMOUS, [Standing(49, 7_000_001), Standing(7, 9000)], allowed=True)))
    assert headers == {
        "RateLimit-Policy": '"anonymous-3600";q=50;w=3600, "anonymous-86400";q=200;w=86400',
        "RateLimit": '"anonymous-86400";r=7;t=9',
        "RateLimit-Limit": "200",
        "RateLimit-Remaining": "7",
        "RateLimit-Reset": "9",
    }


def test_refused_call_is_told_when_to_come_back() -> None:
    headers = dict(limit_headers(verdict(ANONYMOUS, [Standing(0, 1001), Standing(9, 0)], allowed=False)))
    assert headers["Retry-After"] == "2"
    assert headers["RateLimit"] == '"anonymous-3600";r=0;t=2'


def test_class_with_one_rate_goes_by_its_own_name() -> None:
    login = LimitClass("login", parse_policy("20 per 15 minutes"))
    headers = dict(limit_headers(verdict(login, [Standing(19, 60_000)], allowed=True)))
    assert headers["RateLimit-Policy"] == '"login";q=20;w=900'
