"""The search of all logs for all secrets, which ends every session of tests, finds what there is to find."""

import json
import os
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from urllib.parse import quote

import pytest

from shared import VERSION
from tests.ecs import unknown_fields
from tests.ledger import Ledger

SECRET = "p4ss/w0rd+& of ümlaut?"


def line(text: str, name: str = "message") -> str:
    return json.dumps({"service.version": VERSION, name: text}) + "\n"


def leaks(tmp_path: Path, text: str, *secrets: str) -> list[tuple[str, str]]:
    ledger = Ledger()
    for number, secret in enumerate(secrets):
        ledger.note(secret, f"secret {number}")
    (tmp_path / "x.txt").write_text(text)
    return [(leak.what, leak.form) for leak in ledger.search([tmp_path / "x.txt"])]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        pytest.param(line(f"before {SECRET} after"), "raw", id="raw"),
        pytest.param(f"Traceback: {SECRET}\n", "raw", id="in a line that is no JSON"),
        pytest.param(json.dumps({"a": [{"b": {SECRET: 1}}]}), "raw", id="as a name deep inside"),
        pytest.param(line(f"/path?token={quote(SECRET, safe='')}&x"), "percent-encoded", id="percent-encoded"),
        pytest.param(line("Basic " + b64encode(SECRET.encode()).decode()), "Base64", id="Base64"),
        pytest.param(line(b64encode(f"a:{SECRET}".encode()).decode()), "Base64", id="in Base64, two bytes in"),
        pytest.param(line(b64encode(f"{SECRET[:0]}u{SECRET}!".encode()).decode()), "Base64", id="in Base64, one in"),
        pytest.param(line(urlsafe_b64encode(f"~~~{SECRET}>>>".encode()).decode()), "URL-safe Base64", id="URL-safe"),
    ],
)
def test_secret_is_found_in_every_form(tmp_path: Path, text: str, form: str) -> None:
    found = leaks(tmp_path, text, "another secret that isn't there", SECRET)
    assert [what for what, _ in found] == ["secret 1"]
    assert found[0][1] in (form, "Base64")


def test_code_counts_as_a_word_alone(tmp_path: Path) -> None:
    assert leaks(tmp_path, line("a2f312345642ab and 912345642.5"), "12345642") == []
    assert leaks(tmp_path, line("code 12345642!"), "12345642") == [("secret 0", "raw")]
    assert leaks(tmp_path, line("at 22:37:41.099849"), "099849") == []  # times of day hold any six digits


def test_ids_that_the_log_makes_are_no_place_for_secrets(tmp_path: Path) -> None:
    assert leaks(tmp_path, line("0af7651916cd43dd", name="trace.id"), "0af7651916cd43dd") == []


def test_many_secrets_take_one_pass(tmp_path: Path) -> None:
    secrets = [f"secret-number-{number:06}-{os.urandom(12).hex()}" for number in range(3000)]
    text = "".join(line(f"GET /v1/users/{os.urandom(16).hex()}") for _ in range(5000)) + line(secrets[1234])
    assert leaks(tmp_path, text, *secrets) == [("secret 1234", "raw")]


def test_field_of_another_name_is_found_in_what_was_logged(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text(line("fine") + line("odd", name="port") + line("ours", name="colonnade.x"))
    assert list(unknown_fields([tmp_path / "x.txt"])) == ["port"]


def test_lines_of_the_release_before_are_its_own_matter(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text(json.dumps({"service.version": "0.0.1", "port": 1}) + "\n")
    assert unknown_fields([tmp_path / "x.txt"]) == {}
