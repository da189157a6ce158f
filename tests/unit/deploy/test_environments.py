from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.environments import PROGRAMS, Environments
from deploy.local.errors import LaunchError
from deploy.local.home import Home
from deploy.local.postgres import Postgres
from deploy.local.settings import read_settings
from deploy.local.state import State
from deploy.local.valkey import Valkey
from deploy.originals import Originals
from deploy.roles import SCHEMAS
from gateway.upstreams.discovery import address_of
from shared.identity import Signer, load_trust
from shared.places import is_place


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environments:
    for name, value in {
        "PORT": "9000",
        "HOST": "0.0.0.0",
        "BCRYPT_COST": "4",
        "WORKERS": "3",
        "AWS_SECRET_ACCESS_KEY": "x",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    state = State(tmp_path)
    state.create()
    postgres = Postgres(Home(tmp_path / "postgres", tmp_path / "run", tmp_path, None), tmp_path / "log")
    valkey = Valkey(tmp_path / "valkey-server", tmp_path / "run", tmp_path / "log", ["secret"])
    return Environments(
        read_settings(), state, Originals(state.secrets), postgres, valkey, postgres.home.service_sockets
    )


def test_only_the_gateway_listens_where_others_can_reach_it(environments: Environments) -> None:
    told = {program: environments.of(program) for program in PROGRAMS}
    assert [(program, its["HOST"], its["PORT"]) for program, its in told.items() if "HOST" in its or "PORT" in its] == [
        ("gateway", "0.0.0.0", "9000")
    ]
    assert [(its["PRIVATE_HOST"], its["PRIVATE_PORT"]) for its in told.values()] == [
        ("127.0.0.1", str(port)) for port in (10000, 10001, 10002, 10003)
    ]


def test_gateway_finds_each_service_at_its_socket(environments: Environments) -> None:
    sockets = [environments.of(service)["SOCKET"] for service in SCHEMAS]
    assert len(set(sockets)) == len(SCHEMAS)
    assert "SOCKET" not in environments.of("gateway")
    told = replace(environments, sockets=Path("/a folder, with %41?"))
    urls = [told.of("gateway")[f"{name}_URL"] for name in ("AUTH", "USER", "FILE")]
    assert [address_of(url) for url in urls] == [(told.of(service)["SOCKET"], 0) for service in SCHEMAS]
    assert all(is_place(url, ("unix",)) for url in urls)


def test_program_is_told_what_it_needs_and_nothing_else(environments: Environments) -> None:
    assert environments.of("auth_service")["BCRYPT_COST"] == "4"
    for program in PROGRAMS:
        told = environments.of(program)
        assert "AWS_SECRET_ACCESS_KEY" not in told
        assert "DATABASE_OWNER_URL" not in told
        assert ("DATABASE_URL" in told) == (program != "gateway")
        assert ("VALKEY_URL" in told) == (program == "gateway")
        assert ("PASSWORD_PEPPER_FILE" in told) == (program == "auth_service")
        assert ("FILE_LINK_KEY_FILE" in told) == (program == "file_service")
        assert ("BCRYPT_COST" in told) == (program == "auth_service")
        assert told.get("WORKERS") == ("3" if program == "gateway" else None)


def test_credentials_of_a_store_are_told_where_files_lie_there(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one above has a shell's AWS_SECRET_ACCESS_KEY, and files in a folder."""
    monkeypatch.setenv("FILES_STORAGE", "s3://bucket")
    told = {program: replace(environments, settings=read_settings()).of(program) for program in PROGRAMS}
    assert [program for program in PROGRAMS if "AWS_SECRET_ACCESS_KEY" in told[program]] == ["file_service"]
    assert "FILES_ROOT" not in told["file_service"]


def test_every_issuers_key_is_trusted_under_its_own_name(environments: Environments) -> None:
    trust = load_trust(Path(environments.of("auth_service")["TRUST_FILE"]))
    for issuer in ("gateway", "auth_service", "user_service", "file_service"):
        Signer.from_file(issuer, Path(environments.of(issuer)["IDENTITY_KEY_FILE"]))
        assert len(trust[issuer]) == 1


def test_only_migrations_know_the_owners_password(environments: Environments) -> None:
    told = environments.migrating("user_service")
    assert told["DATABASE_OWNER_URL"].startswith("postgresql://users_owner:")


def test_mistakes_are_reported_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "65000")
    monkeypatch.setenv("PUBLIC_URL", "nowhere")
    with pytest.raises(LaunchError, match=r"PORT must be .*1 to 64532\. PUBLIC_URL must be"):
        read_settings()


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:8080"), ("0.0.0.0", "http://127.0.0.1:8080"), ("::", "http://[::1]:8080")],
)
def test_url_is_one_that_a_browser_can_open(monkeypatch: pytest.MonkeyPatch, host: str, url: str) -> None:
    monkeypatch.setenv("HOST", host)
    monkeypatch.delenv("PORT", raising=False)
    assert read_settings().url == url
