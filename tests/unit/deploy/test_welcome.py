"""What is said when a stack is ready, and when a command finds none."""

import socket
from pathlib import Path

import pytest

from deploy.local.errors import LaunchError
from deploy.local.running import running_on
from deploy.local.settings import read_settings
from deploy.local.state import State
from deploy.local.welcome import welcome


def said(**environ: str) -> str:
    settings = read_settings(environ)
    return welcome(settings, State(settings.state), "http://127.0.0.1:8084", 1.0)


def test_every_address_for_people_is_of_public_url() -> None:
    text = said(PUBLIC_URL="http://localhost:8133", PORT="8133")
    assert "ready at http://localhost:8133 (" in text
    for path in ("/docs", "/account", "/files", "/v1/auth/register"):
        assert f"http://localhost:8133{path}" in text
    assert "Listens at   http://127.0.0.1:8133" in text
    assert "Listens at" not in said()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_listening_everywhere_asks_for_public_url(host: str) -> None:
    assert f"PUBLIC_URL=http://{socket.gethostname()}:8133" in said(HOST=host, PORT="8133")
    for answered in ({"HOST": host, "PUBLIC_URL": "http://192.0.2.2:8080"}, {"HOST": "192.0.2.2"}, {}):
        assert "Other machines" not in said(**answered)


def test_passkeys_are_told_how_to_be_tried() -> None:
    assert "start with PUBLIC_URL=http://localhost:8133\n" in said(PORT="8133")
    assert "PUBLIC_URL to be https" in said(PUBLIC_URL="http://app.example.org")
    for fit in ("http://localhost:8080", "https://app.example.org"):
        assert "Passkeys" not in said(PUBLIC_URL=fit)
    assert "Passkeys" not in said(HOST="0.0.0.0")


def test_commands_name_the_state_that_they_are_about() -> None:
    assert "make doctor\n" in said()
    assert "make doctor\n" in said(STATE_DIR=".colonnade")
    assert "make doctor STATE_DIR=/srv/state\n" in said(STATE_DIR="/srv/state")
    assert "make memory STATE_DIR='/srv/my state'\n" in said(STATE_DIR="/srv/my state")


def test_command_that_finds_nothing_running_names_state_dir(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="STATE_DIR="):
        running_on(State(tmp_path))
