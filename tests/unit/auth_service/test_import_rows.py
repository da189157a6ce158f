from datetime import UTC, datetime, timedelta

import pytest

from auth_service.import_rows import (
    ImportedUser,
    InvalidRow,
    TrustedUser,
    read_row,
    rows_of_array,
    rows_of_lines,
)
from shared.errors import MalformedBody
from tests.unit.auth_service.foreign_hashes import FOREIGN


def test_lines_that_arent_empty_are_rows_and_keep_their_number() -> None:
    assert list(rows_of_lines([b"{}", b" \r", b'{"a": 1}\r', b""])) == [(1, b"{}"), (3, b'{"a": 1}\r')]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param(b"[]", [], id="empty"),
        pytest.param(b" [ {} , 7,\n[1, 2] ] ", [b"{}", b"7", b"[1, 2]"], id="anything, as it was written"),
        pytest.param('["é]", "\\u005d"]'.encode(), ['"é]"'.encode(), b'"\\u005d"'], id="brackets in text"),
        pytest.param(b'[{"a": 1, "a": 2}]', [b'{"a": 1, "a": 2}'], id="what is wrong in a row is the row's affair"),
    ],
)
def test_items_of_an_array_are_rows(text: bytes, rows: list[bytes]) -> None:
    assert list(rows_of_array(text)) == list(enumerate(rows, 1))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="an object"),
        pytest.param(b"[", id="open"),
        pytest.param(b"[{}", id="open behind an item"),
        pytest.param(b"[{},]", id="comma before the end"),
        pytest.param(b"[,{}]", id="comma at the beginning"),
        pytest.param(b"[{} {}]", id="no comma"),
        pytest.param(b"[{}] {}", id="something behind"),
        pytest.param(b'["\xff"]', id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="very deep"),
        pytest.param(b"[" + b"9" * 5000 + b"]", id="a number of 5,000 digits"),
    ],
)
def test_what_is_no_array_is_refused_as_a_whole(text: bytes) -> None:
    with pytest.raises(MalformedBody):
        list(rows_of_array(text))


def test_row_says_who_with_what_and_since_when() -> None:
    raw = f'{{"email": "Ada@Example.org", "email_verified": true, "password_hash": "{FOREIGN["bcrypt of Go"]}",'
    account = read_row(raw.encode() + b'"created_at": "2019-05-04T10:00:00+02:00"}')
    assert (account.email, account.email_key) == ("Ada@Example.org", "ada@example.org")
    assert account.email_verified
    assert account.password_hash == f"bcrypt${FOREIGN['bcrypt of Go']}"
    assert account.created_at == datetime(2019, 5, 4, 8, tzinfo=UTC)
    assert account.roles == ()


def test_all_but_the_address_may_be_left_out() -> None:
    account = read_row(b'{"email": "ada@example.org"}')
    assert not account.email_verified
    assert account.password_hash is None
    assert abs(account.created_at - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"7", "shape", id="a number"),
        pytest.param(b"{}", "email", id="no address"),
        pytest.param(b'{"email": "nope"}', "not an email address", id="no address in it"),
        pytest.param(b'{"email": "a@b.example", "email": "c@d.example"}', "twice", id="two addresses"),
        pytest.param(b'{"email": "a\\u0000@b.example"}', "NUL", id="NUL"),
        pytest.param(b'{"email": "a@b.example\\r\\nBcc: x@y.z"}', "printed", id="A23: CRLF"),
        pytest.param(b'{"email": "\\ud800@b.example"}', "surrogate", id="lone surrogate"),
        pytest.param(b'{"email": "a@b.example", "email_verified": 1}', "/email_verified", id="1 for true"),
        pytest.param(b'{"email": "a@b.example", "roles": ["admin"]}', "/roles", id="A21: roles"),
        pytest.param(b'{"email": "a@b.example", "id": "x"}', "/id", id="A21: id"),
        pytest.param(b'{"email": "a@b.example", "password_hash": "secret"}', "hash is of a kind", id="no hash"),
        pytest.param(b'{"email": "a@b.example", "password_hash": ""}', "hash is of a kind", id="empty hash"),
        pytest.param(b'{"email": "a@b.example", "created_at": "2019-05-04"}', "/created_at", id="no time"),
        pytest.param(b'{"email": "a@b.example", "created_at": "2019-05-04T10:00:00"}', "/created_at", id="no zone"),
        pytest.param(b'{"email": "a@b.example", "created_at": "2999-01-01T00:00:00Z"}', "future", id="future"),
        pytest.param(b'{"email": "a@b.example", "created_at": "0001-01-01T00:00:00+14:00"}', "1970", id="year 1"),
        pytest.param(b'{"email": "a@b.example", "x": "' + b"x" * 20_000 + b'"}', "longer", id="very long"),
        pytest.param(b'{"email": ' + b"[" * 5000 + b"]" * 5000 + b"}", "deep", id="very deep"),
    ],
)
def test_row_that_is_wrong_says_why(raw: bytes, why: str) -> None:
    with pytest.raises(InvalidRow, match=why):
        read_row(raw, ImportedUser)


def test_roles_come_from_whoever_runs_the_machine_alone() -> None:
    raw = b'{"email": "a@b.example", "roles": ["editor", "admin", "editor"]}'
    assert read_row(raw, TrustedUser).roles == ("admin", "editor")
    with pytest.raises(InvalidRow, match="/roles/0"):
        read_row(b'{"email": "a@b.example", "roles": ["two words"]}', TrustedUser)
