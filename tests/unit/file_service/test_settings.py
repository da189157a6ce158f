from pathlib import Path

import pytest

from file_service.settings import Settings
from shared.settings import Env, SettingsError

NEEDED = {
    "DATABASE_URL": "postgresql://files_runtime:pw@/colonnade",
    "TRUST_FILE": "/trust.json",
    "IDENTITY_KEY_FILE": "/key.pem",
    "FILES_ROOT": "/files",
    "FILE_LINK_KEY": "x" * 32,
}


def read(**changes: str) -> Settings:
    env = Env(NEEDED | changes)
    settings = Settings.from_env(env)
    env.check()
    return settings


def test_limits_have_defaults() -> None:
    settings = read()
    assert (settings.max_bytes, settings.quota_bytes, settings.stall_seconds) == (1024**3, 5 * 1024**3, 60.0)
    assert settings.upload_hours == 24.0
    assert (settings.root, settings.process.port, settings.process.private_port) == (Path("/files"), 8083, 9083)


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read(FILE_MAX_BYTES="0", FILE_QUOTA_BYTES="lots", FILE_STALL_SECONDS="-1", FILE_UPLOAD_HOURS="0", FILES_ROOT="")
    assert [mistake.split()[0] for mistake in caught.value.mistakes] == [
        "FILES_ROOT",
        "FILE_MAX_BYTES",
        "FILE_QUOTA_BYTES",
        "FILE_STALL_SECONDS",
        "FILE_UPLOAD_HOURS",
    ]


@pytest.mark.parametrize(
    "url", ["tcp://clamav:3310", "tcp://127.0.0.1:3310", "tcp://[::1]:3310", "unix:///run/clamav/clamd.ctl"]
)
def test_scanner_is_named_by_host_and_port_or_by_its_socket(url: str) -> None:
    settings = read(CLAMAV_URL=url).checks
    assert settings.clamd_url == url
    assert settings.policy.most_bytes == 25 * 1024**2


@pytest.mark.parametrize(
    "url", ["clamav:3310", "tcp://clamav", "unix://run/x", "http://clamav:3310", "tcp://a/b:1", " "]
)
def test_scanner_named_otherwise_is_a_mistake(url: str) -> None:
    with pytest.raises(SettingsError, match="CLAMAV_URL must be"):
        read(CLAMAV_URL=url)


def test_without_a_scanner_nothing_waits() -> None:
    assert read().checks.policy.most_bytes is None


def test_bytes_have_no_host_of_their_own_unless_told() -> None:
    assert (read().content_url, read().public_seconds) == ("", 0)
    settings = read(PUBLIC_URL="https://app.example.org", FILES_PUBLIC_URL="https://files.example.net/")
    assert settings.content_url == "https://files.example.net"


@pytest.mark.parametrize(
    ("url", "mistake"),
    [
        ("https://files.example.net/files", "without a path"),
        ("http://files.example.net", "scheme of PUBLIC_URL"),
        ("https://APP.example.org:8443", "another host"),
        ("files.example.net", "must be a URL"),
    ],
)
def test_host_of_bytes_that_would_be_none_is_refused(url: str, mistake: str) -> None:
    with pytest.raises(SettingsError, match=mistake):
        read(PUBLIC_URL="https://app.example.org", FILES_PUBLIC_URL=url)
