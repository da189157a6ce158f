from pathlib import Path

import pytest

from auth_service.settings import Settings
from shared.settings import Env, SettingsError

GOOD = {
    "IDENTITY_KEY_FILE": "/key.pem",
    "TRUST_FILE": "/run/trust.json",
    "DATABASE_URL": "postgresql://auth_runtime:x@/colonnade",
    "PASSWORD_PEPPER": "p" * 32,
    "REFRESH_KEY": "r" * 32,
    "KEY_ENCRYPTION_KEY": "A" * 43,
}


def read(environ: dict[str, str]) -> Settings:
    env = Env(environ)
    settings = Settings.from_env(env)
    env.check()
    return settings


def test_bcrypt_costs_12_unless_told_otherwise() -> None:
    assert read(GOOD).hashing.cost == 12
    assert read(GOOD | {"BCRYPT_COST": "4"}).hashing.cost == 4


def test_ports_are_those_of_auth_service() -> None:
    process = read(GOOD).process
    assert (process.port, process.private_port) == (8081, 9081)


def test_secrets_come_from_files_and_never_show(tmp_path: Path) -> None:
    (tmp_path / "pepper").write_text("file-" + "p" * 40 + "\n")
    environ = GOOD | {"PASSWORD_PEPPER_FILE": str(tmp_path / "pepper")}
    del environ["PASSWORD_PEPPER"]
    settings = read(environ)
    assert settings.hashing.pepper.reveal() == "file-" + "p" * 40
    assert not any(secret in repr(settings) for secret in ("p" * 32, "r" * 32, "A" * 43, ":x@"))


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"PASSWORD_PEPPER": "short"}, "PASSWORD_PEPPER must have at least 32 characters"),
        ({"REFRESH_KEY": "short"}, "REFRESH_KEY must have at least 32 characters"),
        ({"KEY_ENCRYPTION_KEY": "A" * 20}, "KEY_ENCRYPTION_KEY must be 32 bytes"),
        ({"BCRYPT_COST": "3"}, "BCRYPT_COST must be"),
        ({"BCRYPT_THREADS": "0"}, "BCRYPT_THREADS must be"),
    ],
)
def test_mistakes_are_named(change: dict[str, str], mistake: str) -> None:
    with pytest.raises(SettingsError, match=mistake):
        read(GOOD | change)


def test_all_missing_secrets_are_reported_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read({})
    missing = {line.split()[0] for line in caught.value.mistakes}
    assert {"DATABASE_URL", "TRUST_FILE", "PASSWORD_PEPPER", "REFRESH_KEY", "KEY_ENCRYPTION_KEY"} <= missing
