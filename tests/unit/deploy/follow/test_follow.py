"""One request's way through all programs, out of logs as they lie about."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.follow.__main__ import main

TRACE = "0af7651916cd43dd8448eb211c80319c"
GATEWAY, CALL, SERVICE, JOB = "b7ad6b7169203330", "b7ad6b7169203331", "00f067aa0ba902b6", "aaaaaaaaaaaaaaa2"


def line(second: float, program: str, message: str, **fields: Any) -> str:
    stamp = f"2026-11-25T20:00:{second:06.3f}Z"
    names = {name.replace("__", "."): value for name, value in fields.items()}
    head = {"@timestamp": stamp, "log.level": "info", "message": message, "service.name": program}
    return json.dumps(head | {"trace.id": TRACE} | names) + "\n"


def request(second: float, program: str, message: str, took: float, *ids: str) -> str:
    span, parent = ids
    told = {
        "event__duration": int(took * 1e9),
        "span__id": span,
        "parent__id": parent,
        "http__request__id": "request-1",
    }
    return line(second, program, message, event__action="request", **told)


OTHER = line(1.0, "gateway", "GET other 200", trace__id="f" * 32, http__request__id="another-1")
GATEWAYS = OTHER + request(10.1, "gateway", "POST register 201", 0.1, GATEWAY, "c" * 16)
SERVICES = (
    line(10.05, "auth_service", "audit", span__id=SERVICE, parent__id=CALL, colonnade__audit__action="registered")
    + request(10.09, "auth_service", "POST /v1/auth/register 201", 0.08, SERVICE, CALL)
    + line(12.5, "auth_service", "job done", event__duration=200_000_000, span__id=JOB, parent__id=SERVICE)
    + "no JSON at all\n{half a li"
)
FOLLOWERS = line(
    11.0,
    "user_service",
    "event applied",
    span__id="9" * 16,
    parent__id=SERVICE,
    log__level="warning",
    error__message="\x1b[2J",
)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "gateway.log").write_text(GATEWAYS)
    (folder / "auth_service.log.1").write_text(SERVICES)
    (folder / "user_service.log").write_text(FOLLOWERS)
    return folder


EXPECTED = f"""\
trace {TRACE}, request request-1, from 2026-11-25 20:00:10.000000Z

      +0.0 ms    100.0 ms  gateway                  POST register 201
     +10.0 ms     80.0 ms    auth_service           POST /v1/auth/register 201
     +50.0 ms                  auth_service         audit  audit.action=registered
   +1000.0 ms                  user_service         ! event applied  error.message='\\x1b[2J'
   +2300.0 ms    200.0 ms      auth_service         job done
"""


@pytest.mark.parametrize("wanted", ["request-1", TRACE, SERVICE])
def test_request_is_followed_through_all_programs(logs: Path, capsys: pytest.CaptureFixture[str], wanted: str) -> None:
    assert main([wanted, str(logs)]) == 0
    assert capsys.readouterr().out == EXPECTED


def test_files_are_taken_one_by_one_and_from_standard_input(
    logs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    collected = "".join(f"any-1  | {text}\n" for text in f"{SERVICES}\n{FOLLOWERS}".splitlines())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(collected.encode())))
    assert main(["request-1", str(logs / "gateway.log"), "-"]) == 0
    assert capsys.readouterr().out == EXPECTED


def test_id_that_nobody_has_is_told_so(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["request-2", str(logs)]) == 1
    assert "Nothing about request-2 in 8 lines of 3 files." in capsys.readouterr().err


def test_folder_without_logs_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["request-2", str(tmp_path)]) == 1
    assert main(["request-2", str(tmp_path / "missing.log")]) == 1
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], [""], ["--help"]])
def test_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "usage" in capsys.readouterr().err
