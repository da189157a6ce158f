"""What a person is told: of each program, of what it rests on, and what to look at."""

import time

import pytest

from gateway.status.health import notices, pillars
from gateway.status.page import draw_page
from gateway.status.programs import busiest, card
from gateway.status.recorder import Recorder, own_metrics
from gateway.status.watch import Program
from tests.unit.gateway.status.programs_seen import file_service, gateway, reading

AWAY = Program("user_service", "http://127.0.0.1:9", unreachable="connection refused")


def test_nothing_is_said_where_all_is_well() -> None:
    assert notices([gateway(), file_service()], 0.0, 0.01) == []


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        pytest.param(AWAY, "user_service can't be reached at http://127.0.0.1:9: connection refused.", id="away"),
        pytest.param(
            gateway(unready={"keys": "not known"}), "gateway isn't ready: keys: not known.", id="not ready"
        ),
        pytest.param(gateway("gateway_routes_in_force 0"), "The route file on disk was refused", id="wrong routes"),
        pytest.param(gateway("gateway_valkey_up 0"), "each gateway counts by itself", id="Valkey away"),
        pytest.param(gateway("gateway_revocation_feed_connected 0"), "Revocations: away", id="feed away"),
        pytest.param(gateway("gateway_revocation_feed_silence_seconds 90"), "silent for 1 min", id="feed silent"),
        pytest.param(
            gateway('gateway_upstream_instance_up{upstream="user_service",instance="a:1"} 0'),
            "No instance of user_service gets requests.",
            id="instances out",
        ),
        pytest.param(
            gateway(f"gateway_tls_certificate_expiry_timestamp_seconds {time.time() + 86_400 * 3.5:.0f}"),
            "ends in 3 d",
            id="certificate ends",
        ),
        pytest.param(file_service("database_up 0"), "PostgreSQL, file_service: away", id="database away"),
        pytest.param(file_service('file_storage_free_bytes{disk="files"} 50'), "of files: 50 B free", id="disk full"),
        pytest.param(file_service('jobs{kind="scan",state="failed"} 2'), "2 jobs have failed", id="failed jobs"),
        pytest.param(file_service('jobs_resting{kind="scan"} 1'), "jobs of the kind scan rest", id="jobs rest"),
        pytest.param(file_service("process_open_fds 900", "process_max_fds 1000"), "descriptors", id="descriptors"),
        pytest.param(
            file_service("log_lines_dropped_total 5", before=reading(95.0, "log_lines_dropped_total 1")),
            "drops log lines",
            id="log",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(program: Program, sentence: str) -> None:
    assert any(sentence in said for said in notices([program], 0.0, 0.01))


def test_failing_requests_are_said() -> None:
    assert notices([gateway()], 0.25, 0.01) == ["25 % of all requests fail."]


def test_card_of_a_program_that_is_away_says_why() -> None:
    shown = card(AWAY)
    assert (shown.state, shown.why, shown.facts) == ("away", ["connection refused"], [])


def test_rates_are_those_since_the_last_look() -> None:
    count = 'http_request_duration_seconds_count{method="GET",route="users",status="200"} '
    before = reading(90.0, count + "100")
    program = gateway(count + "150", before=before)
    assert dict(card(program).facts)["Requests"] == "5 /s, 0 in flight"
    assert [(each.route, each.rate, each.failed) for each in busiest(program)] == [("users", "5 /s", "0 %")]
    assert [each.rate for each in busiest(gateway(count + "150"))] == ["150"]


async def test_table_of_routes_can_be_moved_sideways_by_the_keyboard() -> None:
    program = gateway('http_request_duration_seconds_count{method="GET",route="users",status="200"} 5')
    page = await draw_page(Recorder(own_metrics), [program], "")
    assert '<div class="scrolling" id="routes" tabindex="0" role="region" aria-labelledby="busiest">' in page


def test_a_day_old_key_is_no_reason_to_worry() -> None:
    told = f"auth_signing_key_since_timestamp_seconds {time.time() - 86_400:.0f}"
    (key,) = [pillar for pillar in pillars([file_service(told)]) if pillar.name == "Signing key"]
    assert key.well


async def test_what_programs_say_is_shown_as_text() -> None:
    """A store's error message may hold anything."""
    hostile = gateway(unready={"database": "<script>alert(1)</script>"})
    page = await draw_page(Recorder(own_metrics), [hostile, AWAY], "/status")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "style=" not in page  # the policy of all pages forbids it
