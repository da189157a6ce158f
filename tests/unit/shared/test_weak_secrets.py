import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

import auth_service.settings
import file_service.settings
import gateway.settings
import user_service.settings
from deploy.roles import RolesSettings
from shared.settings import Env, SettingsError
from shared.weak_secrets import complaint, is_exposed, weakness

ABROAD, HERE = "https://api.example.org", "http://localhost:8080"
STRONG = secrets.token_urlsafe(32)
DATABASE = f"postgresql://role:{STRONG}@db/colonnade"
GIVEN: dict[str, dict[str, str]] = {
    "gateway": {"VALKEY_URL": f"redis://gateway:{STRONG}@valkey", "CACHE_URL": f"redis://:{STRONG}@cache"},
    "auth_service": {
        "DATABASE_URL": DATABASE,
        "DATABASE_DIRECT_URL": DATABASE,
        "PASSWORD_PEPPER": STRONG,
        "REFRESH_KEY": STRONG,
        "KEY_ENCRYPTION_KEY": secrets.token_urlsafe(32),
    },
    "user_service": {"DATABASE_URL": DATABASE},
    "file_service": {"DATABASE_URL": DATABASE, "FILE_LINK_KEY": STRONG, "FILES_ROOT": "/files"},
}
READERS: dict[str, Callable[[Env], object]] = {
    "gateway": gateway.settings.Settings.from_env,
    "auth_service": auth_service.settings.Settings.from_env,
    "user_service": user_service.settings.Settings.from_env,
    "file_service": file_service.settings.Settings.from_env,
}
ROLE_PASSWORDS = [f"{schema}_{role}_PASSWORD" for schema in ("AUTH", "USERS", "FILES") for role in ("OWNER", "RUNTIME")]


def weakened(name: str, value: str) -> str:
    """Return a secret of the same form that anybody would try."""
    weak = "changeme-changeme-changeme-changeme"
    if name == "KEY_ENCRYPTION_KEY":
        return "A" * 43
    return value.replace(STRONG, weak)


def mistakes(program: str, public_url: str, **given: str) -> tuple[str, ...]:
    env = Env({"PUBLIC_URL": public_url, "TRUST_FILE": "/t", "IDENTITY_KEY_FILE": "/k", **GIVEN[program], **given})
    READERS[program](env)
    try:
        env.check()
    except SettingsError as exc:
        return exc.mistakes
    return ()


@pytest.mark.parametrize(("program", "name"), [(program, name) for program, given in GIVEN.items() for name in given])
def test_program_refuses_each_weak_secret_where_others_reach_it(program: str, name: str) -> None:
    if name == "FILES_ROOT":
        assert mistakes(program, ABROAD) == ()
        return
    weak = weakened(name, GIVEN[program][name])
    (told,) = mistakes(program, ABROAD, **{name: weak})
    assert told.startswith(name)
    assert "token_urlsafe(32)" in told
    assert f"{name}_FILE" in told
    assert weak not in told
    assert mistakes(program, HERE, **{name: weak}) == ()


def test_weak_old_key_beside_a_strong_new_one_is_refused_too() -> None:
    told = mistakes("file_service", ABROAD, FILE_LINK_KEY=f"{STRONG},{'changeme' * 5}")
    assert [each.split()[0] for each in told] == ["FILE_LINK_KEY"]


def test_what_others_gave_us_is_only_refused_where_it_is_a_placeholder() -> None:
    smtp = {"SMTP_URL": "smtp://colonnade:x7Kq-91.zz@mail.example.org:587"}
    assert mistakes("auth_service", ABROAD, **smtp) == ()
    (told,) = mistakes("auth_service", ABROAD, SMTP_URL="smtp://colonnade:changeme@mail.example.org:587")
    assert told.startswith("SMTP_URL has the password of colonnade, which looks like a default")


def test_weak_secret_in_a_file_is_refused_as_well(tmp_path: Path) -> None:
    (tmp_path / "refresh_key").write_text("0123456789" * 4)
    given = {"REFRESH_KEY": "", "REFRESH_KEY_FILE": str(tmp_path / "refresh_key")}
    (told,) = mistakes("auth_service", ABROAD, **given)
    assert told.startswith("REFRESH_KEY looks like a default")


def told_of_roles(server: str) -> list[str]:
    """Return which variables the roles are refused for, where one has a password that anybody would try."""
    names = dict.fromkeys(ROLE_PASSWORDS, STRONG) | {"USERS_OWNER_PASSWORD": "hunter2"}
    env = Env({"DATABASE_ADMIN_URL": f"postgresql://postgres:{os.urandom(16).hex()}@{server}/postgres", **names})
    RolesSettings.from_env(env)
    try:
        env.check()
    except SettingsError as exc:
        return [each.split()[0] for each in exc.mistakes]
    return []


@pytest.mark.parametrize(
    ("server", "refused"),
    [("db.example.org", ["USERS_OWNER_PASSWORD"]), ("127.0.0.1", []), ("", [])],
    ids=["elsewhere", "loopback", "a Unix socket"],
)
def test_roles_get_no_weak_password_on_a_server_elsewhere(server: str, refused: list[str]) -> None:
    assert told_of_roles(server) == refused


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080", False),
        ("https://127.9.9.9", False),
        ("http://[::1]:8080", False),
        ("http://localhost", False),
        ("https://colonnade.localhost/app", False),
        ("http://192.168.1.4:8080", True),
        ("https://api.example.org", True),
        ("https://localhost.example.org", True),
        ("https://notlocalhost", True),
    ],
)
def test_only_loopback_is_for_this_machine_alone(url: str, *, expected: bool) -> None:
    assert is_exposed(url) is expected


@pytest.mark.parametrize(
    ("secret", "flaw"),
    [
        ("812df99a02c776626d487ae1db8ad50e7809952056552e7d", ""),
        ("postgres-e9ba1b0be194b085ae676e4e99c6fe5bffb8f89dd691c990b965a76e801cc05d", ""),
        ("changeme", "default"),
        ("please-change-me-please-change-me", "default"),
        ("Tr0ub4dor&3", "weak"),
        ("a" * 64, "weak"),
        ("", "weak"),
    ],
)
def test_secret_that_can_be_guessed_is_told(secret: str, flaw: str) -> None:
    assert flaw in weakness(secret, 96)
    assert flaw or not weakness(secret, 96)


def test_complaint_tells_whose_password_it_is() -> None:
    told = complaint("DATABASE_URL", "postgresql://auth_runtime:postgres@db/x")
    assert told == "has the password of auth_runtime, which looks like a default or a placeholder"
