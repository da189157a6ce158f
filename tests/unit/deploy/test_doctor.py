"""What the doctor says of what it saw; tests/integration/deploy and tests/e2e have it look at real stacks."""

import os
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from deploy.doctor.checks import front_door, programs
from deploy.doctor.checks.disk import disks
from deploy.doctor.checks.secrets import secrets
from deploy.doctor.finding import Finding, Level, document, fail, lines, ok, status, warn
from deploy.doctor.settings import program_of
from deploy.doctor.stack import Metrics, Program, Stack, skew_of

DAY = 86_400


def seen(exposition: str = "", **facts: object) -> Program:
    return Program("gateway", "http://127.0.0.1:9080", ready=True, metrics=Metrics(exposition), **facts)  # type: ignore[arg-type]  # a test's own


def level(findings: list[Finding]) -> Level:
    [finding] = findings
    return finding.level


@pytest.mark.parametrize(
    ("ahead", "least", "most"), [(0.0, 0.0, 0.0), (3.0, 1.9, 3.0), (-3.0, -3.0, -1.9), (60.0, 58.9, 60.0)]
)
def test_skew_is_told_by_a_date_cut_to_seconds(ahead: float, least: float, most: float) -> None:
    now = 1_800_000_000.7
    assert least <= skew_of(formatdate(now + ahead, usegmt=True), now, now) <= most


def test_skew_of_no_date_is_none() -> None:
    assert skew_of("", 1.0, 2.0) == 0.0


@pytest.mark.parametrize(
    ("skew", "expected"), [(0.5, Level.OK), (-2.5, Level.WARN), (4.9, Level.WARN), (5.1, Level.FAIL), (-60, Level.FAIL)]
)
def test_clock_that_differs_is_told(skew: float, expected: Level) -> None:
    found = programs.clock("Valkey", skew)
    assert found.level is expected
    assert expected is Level.OK or ("ahead of" in found.what) == (skew > 0)


def test_program_that_is_away_or_unready_fails() -> None:
    assert level(programs.readiness([seen(error="refused")])) is Level.FAIL
    unready = Program("gateway", "http://x", unready={"revocations": "revoked sessions aren't known yet"})
    [found] = programs.readiness([unready])
    assert found.level is Level.FAIL
    assert "revoked sessions aren't known yet" in found.what


@pytest.mark.parametrize(("pids", "expected"), [({"gateway": 4711}, "kill -9 4711"), ({}, "restart it")])
def test_program_that_hangs_is_to_be_restarted(pids: dict[str, int], expected: str) -> None:
    """Starting it wouldn't help: it runs."""
    [found] = programs.readiness([seen(error="no answer within 2.5 s", hangs=True)], pids)
    assert found.level is Level.FAIL
    assert found.what == "http://127.0.0.1:9080: no answer within 2.5 s"
    assert expected in found.advice


def test_two_versions_are_a_warning() -> None:
    both = [seen(f'build_info{{version="{version}"}} 1\n') for version in ("0.1.0", "0.2.0")]
    renamed = [both[0], Program("auth_service", "", metrics=both[1].metrics)]
    assert level(programs.versions(renamed)) is Level.WARN
    assert level(programs.versions(both[:1])) is Level.OK


@pytest.mark.parametrize(
    ("used", "most", "expected"), [(20, 65_536, Level.OK), (20, 1024, Level.WARN), (60_000, 65_536, Level.FAIL)]
)
def test_descriptors_that_run_out_are_told(used: int, most: int, expected: Level) -> None:
    assert level(programs.descriptors([seen(f"process_open_fds {used}\nprocess_max_fds {most}\n")])) is expected


@pytest.mark.parametrize(("days", "expected"), [(1, Level.OK), (100, Level.WARN), (400, Level.FAIL)])
def test_old_signing_key_is_told(days: int, expected: Level) -> None:
    since = time.time() - days * DAY
    assert level(programs.signing_key(seen(f"auth_signing_key_since_timestamp_seconds {since}\n"))) is expected


@pytest.mark.parametrize(
    ("connected", "lag", "expected"),
    [(1, 0.1, Level.OK), (1, 4, Level.WARN), (1, 11, Level.FAIL), (0, 0.1, Level.FAIL)],
)
def test_late_revocations_are_told(connected: int, lag: float, expected: Level) -> None:
    name = "gateway_revocation_lag_seconds"
    figures = f"gateway_revocation_feed_connected {connected}\n{name}_count 4\n{name}_sum {4 * lag}\n"
    assert level(programs.revocations(seen(figures))) is expected


def test_limits_counted_in_memory_fail() -> None:
    assert level(programs.limits(seen("gateway_valkey_up 0\n"))) is Level.FAIL
    assert level(programs.limits(seen("gateway_valkey_up 1\n"))) is Level.OK


def upstream_figures(**instances: int) -> str:
    """What a gateway tells of the upstream `notes`, whose instances are on hosts of these names."""
    told = [
        f'gateway_upstream_instance_up{{upstream="notes",instance="{host}:9000"}} {up}'
        for host, up in instances.items()
    ]
    return "\n".join([*told, 'gateway_upstream_queue_length{upstream="notes"} 0', ""])


def test_upstream_without_an_instance_that_gets_requests_fails() -> None:
    [found] = programs.upstreams(seen(upstream_figures(a=0, b=0)))
    assert found.level is Level.FAIL
    assert found.subject == "upstream notes"
    assert "a:9000 and b:9000" in found.what


def test_one_instance_of_several_that_gets_no_requests_is_a_warning() -> None:
    [found] = programs.upstreams(seen(upstream_figures(a=1, b=0)))
    assert found.level is Level.WARN
    assert "b:9000" in found.what
    assert "a:9000" not in found.what


def test_upstream_whose_name_leads_nowhere_fails() -> None:
    """It has no instance that could be out; a gateway that is away has told nothing."""
    [found] = programs.upstreams(seen(upstream_figures()))
    assert found.level is Level.FAIL
    assert "name" in found.what
    assert programs.upstreams(seen(error="refused")) == []


def test_upstreams_whose_instances_all_get_requests_are_told_once() -> None:
    assert level(programs.upstreams(seen(upstream_figures(a=1, b=1)))) is Level.OK


def test_refused_route_file_is_told() -> None:
    assert level(programs.routes(seen("gateway_routes_in_force 0\n"))) is Level.WARN


def test_route_file_that_was_mended_is_fine() -> None:
    """However often one was refused before."""
    refusals = 'gateway_routes_reloads_total{outcome="refused"} 2\n'
    assert level(programs.routes(seen(f"{refusals}gateway_routes_in_force 1\n"))) is Level.OK


@pytest.mark.parametrize(
    ("requests", "commonest", "users", "expected"),
    [
        pytest.param(2000, 1900, 300, Level.WARN, id="a crowd behind one address"),
        pytest.param(2000, 1900, 1, Level.OK, id="one busy user"),
        pytest.param(2000, 200, 300, Level.OK, id="a company's NAT among others"),
        pytest.param(50, 50, 30, Level.OK, id="too few requests to tell"),
    ],
)  # fmt: skip
def test_crowd_behind_one_address_is_told(requests: int, commonest: int, users: int, expected: Level) -> None:
    figures = (
        f"gateway_recent_requests {requests}\ngateway_recent_requests_commonest_address {commonest}\n"
        f"gateway_recent_users_commonest_address {users}\ngateway_recent_addresses 7\n"
    )
    assert level(front_door.client_addresses(seen(figures))) is expected


def secret_stack(folder: Path, mode: int = 0o600, **environ: str) -> Stack:
    (folder / "refresh_key").write_text(os.urandom(32).hex())
    (folder / "refresh_key").chmod(mode)
    environ = {"REFRESH_KEY_FILE": str(folder / "refresh_key"), **environ}
    return Stack("http://127.0.0.1:8080", {}, {"auth_service": environ})


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_secret_file_that_others_can_read_fails(tmp_path: Path, mode: int) -> None:
    failed = [found for found in secrets(secret_stack(tmp_path, mode)) if found.level is Level.FAIL]
    assert len(failed) == 1
    assert f"refresh_key has mode {mode:04o}" in failed[0].what


@pytest.mark.parametrize(("mode", "expected"), [(0o440, 0), (0o640, 0), (0o460, 1), (0o444, 1), (0o450, 1)])
def test_secret_file_that_another_user_lends_our_group_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, expected: int
) -> None:
    """So are the Secrets that Kubernetes mounts: root's, and readable by the pod's own group."""
    stack = secret_stack(tmp_path, mode)
    owner = (tmp_path / "refresh_key").stat()
    monkeypatch.setattr("deploy.doctor.checks.secrets.os.geteuid", lambda: owner.st_uid + 1)
    monkeypatch.setattr("deploy.doctor.checks.secrets.os.getegid", lambda: owner.st_gid)
    assert len([found for found in secrets(stack) if found.level is Level.FAIL]) == expected


def test_good_secrets_are_told_once_and_never_shown(tmp_path: Path) -> None:
    stack = secret_stack(tmp_path, DATABASE_URL=f"postgresql://auth:{os.urandom(32).hex()}@db/colonnade")
    found = secrets(stack)
    assert [each.level for each in found] == [Level.OK, Level.OK]
    assert stack.told("auth_service", "REFRESH_KEY") not in document(found)


def test_weak_password_in_a_url_and_one_value_for_two_secrets_fail(tmp_path: Path) -> None:
    stack = secret_stack(tmp_path, DATABASE_URL="postgresql://auth:postgres@db/x", VALKEY_URL="redis://:postgres@v")
    told = [found.what for found in secrets(stack) if found.level is Level.FAIL]
    assert "the password of auth looks like a default or a placeholder" in told
    assert "the password of Valkey and the password of auth are the same" in told
    assert "postgres" not in " ".join(told)


def test_trust_file_that_others_can_write_fails(tmp_path: Path) -> None:
    trust = tmp_path / "trust.json"
    trust.write_text("{}")
    for mode, expected in ((0o644, []), (0o664, [Level.FAIL])):
        trust.chmod(mode)
        found = secrets(Stack("", {}, {"gateway": {"TRUST_FILE": str(trust)}}))
        assert [each.level for each in found if each.subject == "trust file"] == expected


def test_disk_is_looked_at_where_it_is_known(tmp_path: Path) -> None:
    environ = {"FILES_ROOT": str(tmp_path), "LOG_FILE": "/nowhere/at/all.log"}
    assert [found.subject for found in disks(Stack("", {}, {"file_service": environ}))] == ["disk for files"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080", []),
        ("http://localhost", []),
        ("https://api.example.org", []),
        ("http://api.example.org", [Level.WARN]),
    ],
)
def test_plain_http_for_strangers_is_a_warning(url: str, expected: list[Level]) -> None:
    assert [found.level for found in front_door.transport(Stack(url, {}, {}))] == expected


@pytest.mark.parametrize(
    ("host", "private", "url", "expected"),
    [
        ("0.0.0.0", "127.0.0.1", "http://127.0.0.1:8080", [Level.WARN]),
        ("::", "127.0.0.1", "http://[::1]:8080", [Level.WARN]),
        ("192.0.2.2", "127.0.0.1", "http://localhost:8080", [Level.WARN]),
        ("0.0.0.0", "127.0.0.1", "http://192.0.2.2:8080", []),
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:8080", []),
        ("0.0.0.0", "0.0.0.0", "http://127.0.0.1:8080", []),  # in a container
        ("", "", "http://127.0.0.1:8080", []),
    ],
)
def test_listening_for_others_without_a_url_of_theirs_is_a_warning(
    host: str, private: str, url: str, expected: list[Level]
) -> None:
    told = {"gateway": {"HOST": host, "PRIVATE_HOST": private}}
    assert [found.level for found in front_door.listening(Stack(url, {}, told))] == expected


def test_programs_that_disagree_about_the_public_url_fail() -> None:
    told = {"gateway": {"PUBLIC_URL": "https://a.example/"}, "auth_service": {"PUBLIC_URL": "https://b.example"}}
    assert level(front_door.same_public_url(Stack("https://a.example", {}, told))) is Level.FAIL


@pytest.mark.parametrize(
    ("variable", "program"),
    [
        ("VALKEY_URL_FILE", "gateway"),
        ("PASSWORD_PEPPER_FILE", "auth_service"),
        ("FILES_ROOT", "file_service"),
        ("FILES_STORAGE", "file_service"),
        ("TRUST_FILE", "user_service"),
        ("CORS_ORIGINS", "gateway"),
    ],
)
def test_environment_is_known_by_what_its_program_needs(variable: str, program: str) -> None:
    database = {"DATABASE_URL_FILE": "y"} if program.endswith("_service") else {}
    assert program_of({variable: "x"} | database) == program


def test_status_is_1_for_failures_alone() -> None:
    findings = [ok("a", "fine"), warn("b", "odd", "look")]
    assert status(findings) == 0
    assert status([*findings, fail("c", "broken", "mend")]) == 1
    assert lines(findings).splitlines() == ["ok    a: fine", "warn  b: odd - look", "", "1 ok, 1 to look at, 0 failed"]
