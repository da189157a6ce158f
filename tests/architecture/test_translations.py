"""Every text that a page shows is translated, and no translation is of a text that no page shows."""

import re
from collections.abc import Iterable, Iterator

import pytest

from auth_service import errors
from auth_service.domain.audit import Action
from auth_service.domain.passwords import EXPLANATIONS
from auth_service.domain.sessions import EXPLANATIONS as ENDS
from auth_service.handlers.pages.activity import TEXTS
from auth_service.handlers.pages.api_keys import LABELS, LIFETIMES, OFFERED
from auth_service.handlers.pages.notices import MESSAGES as AUTH_MESSAGES
from auth_service.parts.pages import GERMAN as AUTH_GERMAN
from file_service.handlers.pages.fields import LIFETIMES as FILE_LIFETIMES
from file_service.handlers.pages.fields import PURPOSES
from file_service.handlers.pages.notices import MESSAGES as FILE_MESSAGES
from file_service.handlers.pages.problems import WORDS as FILE_WORDS
from file_service.handlers.pages.takes import WORDS as FILE_KINDS
from file_service.parts.pages import GERMAN as FILE_GERMAN
from gateway.authentication.errors import CrossSiteRequest
from gateway.errors import BadGateway
from shared.errors import AppError
from shared.web.pages.languages import Language
from shared.web.pages.navigation import NAVIGATION
from shared.web.pages.problems import BY_CODE, BY_STATUS, UNKNOWN, Words, shared_languages
from tests.stores import ROOT
from user_service.pages.handlers import MESSAGES as USER_MESSAGES
from user_service.pages.serving import GERMAN as USER_GERMAN


def written(*patterns: str) -> set[str]:
    paths = [path for pattern in patterns for path in ROOT.glob(pattern)]
    return {
        text for path in paths for text in re.findall(r'\b_\("((?:[^"\\]|\\.)*)"\)', path.read_text(encoding="utf-8"))
    }


def told(texts: Iterable[tuple[object, ...]]) -> set[str]:
    return {str(text) for _, *rest in texts for text in rest}


def words(of: Iterable[Words]) -> set[str]:
    return {text for each in of for text in (each.heading, each.advice)}


SHARED = {
    *written("shared/web/templates/*.html"),
    *(link.text for link in NAVIGATION),
    *words((*BY_STATUS.values(), *BY_CODE.values(), *UNKNOWN)),
}
AUTH = {
    *SHARED,
    *written("auth_service/templates/**/*.html"),
    *AUTH_MESSAGES.values(),
    *told((*OFFERED, *LIFETIMES)),
    *LABELS.values(),
}
FILES = {
    *SHARED,
    *written("file_service/templates/**/*.html"),
    *FILE_MESSAGES.values(),
    *told((*FILE_LIFETIMES, *PURPOSES)),
    *FILE_KINDS.values(),
    *words(FILE_WORDS.values()),
}
PROBLEMS = {
    *written("shared/web/templates/base.html", "shared/web/templates/problem.html"),
    *words((*BY_STATUS.values(), *BY_CODE.values(), *UNKNOWN)),
}
USERS = {
    *SHARED,
    *written("user_service/templates/**/*.html"),
    *USER_MESSAGES.values(),
}
PAGES = ((AUTH_GERMAN, AUTH), (FILE_GERMAN, FILES), (USER_GERMAN, USERS))
SHOWN = [(german, text) for german, texts in PAGES for text in sorted(texts)]


@pytest.mark.parametrize(("german", "text"), SHOWN, ids=lambda value: value if isinstance(value, str) else value.code)
def test_text_is_translated(german: Language, text: str) -> None:
    assert german.text(text) != text or text in ("Code", "Link", "Name", "Passkey", "Uploads", "")


@pytest.mark.parametrize("text", sorted(PROBLEMS))
def test_pages_of_failures_are_translated_where_no_service_adds_to_them(text: str) -> None:
    assert shared_languages()["de"].text(text) != text or text == "Code"


def test_words_of_failures_are_of_failures_that_there_are() -> None:
    assert (CrossSiteRequest.code in BY_CODE, BadGateway.status in BY_STATUS) == (True, True)  # the gateway's own
    assert {*BY_CODE, *FILE_WORDS} <= set(AppError.registry)
    assert set(BY_STATUS) <= {kind.status for kind in AppError.registry.values()}


@pytest.mark.parametrize("german", [AUTH_GERMAN, FILE_GERMAN, USER_GERMAN], ids=["account", "files", "profile"])
def test_what_is_translated_holds_as_many_sentences(german: Language) -> None:
    assert not [text for text, meant in german.texts.items() if text.endswith(".") != meant.endswith(".")]


def test_every_action_has_words_for_people() -> None:
    ours = {action.value for action in Action if action.value.startswith(("signing_key", "audit_", "restored"))}
    assert {action.value for action in Action} - ours - {"account_deleted"} == set(TEXTS)


def sentence(text: str) -> str:
    """Write a fault as pages show it."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def faults_of_account_pages() -> Iterator[str]:
    """Yield what goes wrong with accounts, but for what only programs and administrators meet."""
    elsewhere = ("invalid_ban", "invalid_role", "invalid_redirect_uri", "invalid_refresh_token", "too_many_refreshes")
    yield from (f"This password {explanation}." for explanation in EXPLANATIONS.values())
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AppError)]
    for kind in kinds:
        if kind.__module__ == errors.__name__ and kind.code not in elsewhere:
            yield sentence(kind.title)


@pytest.mark.parametrize("text", sorted(set(ENDS.values())))
def test_why_a_session_ended_is_told_in_german_too(text: str) -> None:
    assert AUTH_GERMAN.text(text) != text


@pytest.mark.parametrize("text", sorted(set(faults_of_account_pages())))
def test_what_goes_wrong_is_told_in_german_too(text: str) -> None:
    assert AUTH_GERMAN.text(text) != text
