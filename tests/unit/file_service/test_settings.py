from pathlib import Path

import pytest

from file_service.settings import Settings
from shared.settings import Env, SettingsError

NEEDED = {
    "DATABASE_URL": "postgresql://files_runtime:pw@/colonnade",
    "TRUST_FILE": "/trust.json",
    "IDENTITY_KEY_FILE": "/key.pem",
    "FILES_ROOT": "/files",
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
