"""The keys that few routes and upstreams need: each has a default, and is checked with its line."""

import pytest

from gateway.limits.policy import parse_policy
from gateway.routes.load import load_routes
from gateway.routes.model import MOST_RETRIES, UpstreamSettings
from gateway.routing import _pool_limits
from gateway.upstreams.instance import PoolLimits
from gateway.upstreams.requests import UpstreamRequest
from tests.unit.gateway.routes.loading import FIRST, LIMITS, ROUTE, SHIPPED, UPSTREAMS, Load

NOTES = '[upstreams.notes]\nurl = "http://127.0.0.1:9000"\n'


def test_route_says_how_long_how_often_and_how_much(load: Load) -> None:
    (route,) = load(LIMITS + ROUTE + "head_timeout = 2.5\nretries = 0\ncost = 5\n").routes
    assert (route.head_timeout, route.retries, route.cost) == (2.5, 0, 5)


def test_unsaid_keys_have_the_defaults_of_the_client(load: Load) -> None:
    (route,) = load(LIMITS + ROUTE).routes
    request = UpstreamRequest("GET", "/", [], 1.0)
    assert (route.head_timeout, route.retries, route.cost) == (request.head_timeout, request.retries, 1)
    assert request.retries == MOST_RETRIES
    assert _pool_limits(UpstreamSettings()) == PoolLimits()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("head_timeout = 0", "head_timeout must be a number of seconds"),
        ('head_timeout = "5"', "head_timeout must be a number of seconds"),
        ("retries = 3", "retries must be a whole number from 0 to 2"),
        ("retries = -1", "retries must be a whole number from 0 to 2"),
        ("retries = true", "retries must be a whole number from 0 to 2"),
        ("retries = 1.0", "retries must be a whole number from 0 to 2"),
        ("cost = 0", "cost must be a whole number from 1 to"),
        ('cost = "5"', "cost must be a whole number from 1 to"),
        ("cost = 101", "cost 101 is more than limit 'wide' ever allows (100)"),
    ],
)
def test_wrong_key_of_a_route_is_told_with_its_line(load: Load, wrong: str, said: str) -> None:
    """R12"""
    ((line, text),) = load.mistakes(f"{LIMITS}{ROUTE}{wrong}\n")
    assert (line, said in text) == (FIRST + 1, True)


def test_cost_may_use_the_narrowest_rate_up_and_no_more(load: Load) -> None:
    limits = LIMITS.replace("100 per minute", "300 per day, 20 per minute")
    assert load(limits + ROUTE + "cost = 20\n").routes[0].cost == 20
    assert [line for line, _ in load.mistakes(limits + ROUTE + "cost = 21\n")] == [FIRST + 1]


def test_limit_may_be_tried_out(load: Load) -> None:
    table = load(LIMITS.replace("strict = true", "dry_run = true") + ROUTE)
    assert (table.limits["login"].dry_run, table.limits["wide"].dry_run) == (True, False)
    ((line, text),) = load.mistakes(LIMITS.replace("strict = true", 'dry_run = "yes"') + ROUTE)
    assert (line, text) == (7, "dry_run must be true or false")


def test_shipped_limits_are_in_force_and_those_that_strangers_could_abuse_strict() -> None:
    """R7: strict for login and mail."""
    limits = load_routes(SHIPPED, UPSTREAMS, parse_policy).limits.values()
    assert {limit.name for limit in limits if limit.strict} == {"login", "mail", "drop"}
    assert not [limit.name for limit in limits if limit.dry_run]


def test_upstream_is_treated_as_its_table_says(load: Load) -> None:
    own = "connect_timeout = 0.5\nkeep_alive = 4\nmax_in_flight = 8\nqueue = 0\nqueue_timeout = 2\n"
    table = load(LIMITS + NOTES + own + ROUTE)
    assert table.upstream_settings == {"notes": UpstreamSettings(0.5, 4.0, 8, 0, 2.0)}
    limits = _pool_limits(table.upstream_settings["notes"])
    assert (limits.connect, limits.idle, limits.connections) == (0.5, 4.0, 8)
    assert (limits.queue, limits.queue_seconds) == (0, 2.0)


def test_built_in_upstream_may_have_settings_and_keeps_its_url(load: Load) -> None:
    plain = load(LIMITS + ROUTE)
    table = load("[upstreams.user_service]\nmax_in_flight = 50\n" + LIMITS + ROUTE)
    assert table.upstreams == plain.upstreams
    assert table.upstream_settings["user_service"].max_in_flight == 50


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("connect_timeout = 0", "connect_timeout must be a number of seconds above 0, at most 60"),
        ("connect_timeout = 61", "connect_timeout must be a number of seconds above 0, at most 60"),
        ("keep_alive = -1", "keep_alive must be a number of seconds"),
        ("max_in_flight = 0", "max_in_flight must be a whole number from 1 to 65536"),
        ("max_in_flight = 1e3", "max_in_flight must be a whole number"),
        ("queue = -1", "queue must be a whole number from 0 to 65536"),
        ("queue_timeout = nan", "queue_timeout must be a number of seconds"),
        ("in_flight = 5", "unknown key 'in_flight'"),
    ],
)
def test_wrong_key_of_an_upstream_is_told_with_its_line(load: Load, wrong: str, said: str) -> None:
    """R12"""
    ((line, text),) = load.mistakes(f"{NOTES}{wrong}\n{LIMITS}{ROUTE}")
    assert (line, said in text) == (3, True)


def test_route_says_how_well_and_how_lately_its_session_was_proved(load: Load) -> None:
    (route,) = load(LIMITS + ROUTE + 'acr = "aal2"\nmax_age = 600\n').routes
    assert (route.acr, route.max_age) == ("aal2", 600)
    (route,) = load(LIMITS + ROUTE).routes
    assert (route.acr, route.max_age) == ("aal1", 0)


@pytest.mark.parametrize(
    ("auth", "wrong", "said"),
    [
        ("user", 'acr = "aal3"', "acr 'aal3' is none of aal1, aal2"),
        ("user", "acr = 2", "acr must be a text"),
        ("session", "max_age = -1", "max_age must be a whole number from 0"),
        ("session", 'max_age = "10 minutes"', "max_age must be a whole number"),
        ("optional", 'acr = "aal2"', "acr is for routes that ask for a session"),
        ("public", "max_age = 600", "max_age is for routes that ask for a session"),
        ("scope:notes", 'acr = "aal2"', "acr is for routes that ask for a session"),
    ],
)
def test_proof_is_asked_for_where_somebody_can_give_it(load: Load, auth: str, wrong: str, said: str) -> None:
    """R12"""
    limits = LIMITS.replace('key = "user"', 'key = "address"') if auth in ("public", "optional") else LIMITS
    route = ROUTE.replace('auth = "user"', f'auth = "{auth}"')
    mistakes = load.mistakes(f"{limits}{route}{wrong}\n")
    assert [(line, said in text) for line, text in mistakes if said in text] == [(FIRST + 1, True)]
