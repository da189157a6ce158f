import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sampling import Rule, Rules, parse_rules


def parse(text: str, *, by_status: bool = True) -> Rules:
    return parse_rules(text, Rules(), by_status=by_status)


def test_nothing_said_keeps_everything() -> None:
    assert parse("").keeps_all
    assert parse("").share("GET", "users", 200) == 1.0


def test_rules_are_read_as_people_write_them() -> None:
    rules = parse("GET 2xx 10%; users* 404 0.5%, 1%\nslow 250ms")
    assert rules.rules == (Rule(0.1, method="GET", status="2xx"), Rule(0.005, status="404", route="users*"))
    assert rules.rest == 0.01
    assert rules.slow == 0.25
    assert not rules.keeps_all


@pytest.mark.parametrize(
    ("method", "route", "status", "share"),
    [
        pytest.param("GET", "users", 204, 0.1, id="the class of a status"),
        pytest.param("HEAD", "users-search", 404, 0.005, id="one status, and a route by its beginning"),
        pytest.param("HEAD", "files", 404, 0.01, id="another route, so the rest"),
        pytest.param("HEAD", "users", 403, 0.01, id="another status, so the rest"),
    ],
)
def test_first_rule_that_fits_counts(method: str, route: str, status: int, share: float) -> None:
    assert parse("GET 2xx 10%; users* 404 0.5%; 1%").share(method, route, status) == share


def test_route_template_is_a_route() -> None:
    rules = parse("/v1/users/{user_id} 5%")
    assert rules.share("GET", "/v1/users/{user_id}", 200) == 0.05
    assert rules.share("GET", "/v1/users/me", 200) == 1.0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("GET", "isn't a share"),
        ("GET 10", "isn't a share"),
        ("GET 101%", "isn't a share"),
        ("GET -1%", "isn't a share"),
        ("GET HEAD 1%", "second method"),
        ("2xx 404 1%", "second status"),
        ("users files 1%", "second route"),
        ("10%; GET 1%", "never counts"),
        ("slow 3", "isn't a duration"),
        ("slow 10%", "isn't a duration"),
        ("POST 2xx 1%", "always kept"),
        ("DELETE 1%", "always kept"),
        ("503 1%", "always kept"),
        ("5xx 1%", "always kept"),
    ],
)
def test_mistake_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text)


def test_status_is_no_condition_where_it_is_not_known_yet() -> None:
    with pytest.raises(ValueError, match="isn't known yet"):
        parse("GET 2xx 10%", by_status=False)
    assert parse("POST login 10%", by_status=False).share("POST", "login") == 0.1


@given(st.text(alphabet="GETPOS 2x40%;,/{}*slowm.\n", max_size=40))
def test_any_text_is_rules_or_a_mistake(text: str) -> None:
    try:
        rules = parse(text)
    except ValueError:
        return
    assert 0.0 <= rules.share("GET", "users", 200) <= 1.0
