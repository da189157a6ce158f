"""RFC 9116."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from multidict import CIMultiDict

from gateway.pages.pages import Pages
from gateway.pages.security_txt import PATH, security_txt
from gateway.settings import Settings
from shared.settings import Env, SettingsError
from tests.unit.gateway.pages.test_pages import fetch

CONTACTS = ("mailto:security@example.org", "https://example.org/report")


async def served(contacts: Sequence[str]) -> dict[str, list[str]] | None:
    answer = await Pages("https://example.org/app", fetch, ["users"], contacts).answer(PATH, CIMultiDict())
    if answer is None:
        return None
    assert dict(answer.headers)["Content-Type"] == "text/plain; charset=utf-8"
    fields: dict[str, list[str]] = {}
    for line in answer.body.decode().splitlines():
        name, _, value = line.partition(": ")
        fields.setdefault(name, []).append(value)
    return fields


async def test_contacts_are_named_with_an_end_in_the_future_and_where_that_is_true() -> None:
    told = await served(CONTACTS)
    assert told is not None
    assert told["Contact"] == list(CONTACTS)
    assert told["Canonical"] == ["https://example.org/app/.well-known/security.txt"]
    [expires] = told["Expires"]
    left = datetime.fromisoformat(expires) - datetime.now(UTC)
    assert timedelta(days=30) < left < timedelta(days=366)


async def test_nobody_is_named_and_there_is_no_such_page_without_a_contact() -> None:
    assert await served(()) is None


def test_end_moves_on_and_is_the_same_all_day() -> None:
    day = datetime(2030, 1, 1, tzinfo=UTC)
    assert security_txt(CONTACTS, "https://a", day) == security_txt(CONTACTS, "https://a", day + timedelta(hours=23))
    assert security_txt(CONTACTS, "https://a", day) != security_txt(CONTACTS, "https://a", day + timedelta(days=1))


@pytest.mark.parametrize(
    "contact", ["security@example.org", "http://example.org", "mailto:a b@example.org", "https://é"]
)
def test_contact_that_is_no_uri_is_a_mistake(contact: str) -> None:
    env = Env({"SECURITY_CONTACT": contact, "VALKEY_URL": "unix:///v", "TRUST_FILE": "/t", "IDENTITY_KEY_FILE": "/k"})
    Settings.from_env(env)
    with pytest.raises(SettingsError, match="SECURITY_CONTACT"):
        env.check()
