"""Every text that a page shows is translated, and no translation is of a text that no page shows."""

import re

import pytest

from auth_service.domain.audit import Action
from auth_service.handlers.pages.activity import TEXTS
from auth_service.handlers.pages.api_keys import LIFETIMES, OFFERED
from auth_service.handlers.pages.notices import MESSAGES
from auth_service.parts.pages import GERMAN
from auth_service.routes.pages import FRAME
from tests.stores import ROOT

TEMPLATES = [*(ROOT / "shared/web/templates").glob("*.html"), *(ROOT / "auth_service/templates").rglob("*.html")]
WRITTEN = {
    text for path in TEMPLATES for text in re.findall(r'\b_\("((?:[^"\\]|\\.)*)"\)', path.read_text(encoding="utf-8"))
}
TOLD = {
    *MESSAGES.values(),
    *(link.text for link in FRAME.navigation),
    *(text for _, *texts in (*OFFERED, *LIFETIMES) for text in texts),
}


@pytest.mark.parametrize("text", sorted(WRITTEN | TOLD))
def test_text_is_translated(text: str) -> None:
    assert GERMAN.text(text) != text or text in ("Code", "Name", "Passkey", "")


def test_what_is_translated_holds_as_many_sentences() -> None:
    assert not [text for text, german in GERMAN.texts.items() if text.endswith(".") != german.endswith(".")]


def test_every_action_has_words_for_people() -> None:
    ours = {action.value for action in Action if action.value.startswith(("signing_key", "audit_", "restored"))}
    assert {action.value for action in Action} - ours - {"account_deleted"} == set(TEXTS)
