import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.credentials import is_api_key, new_api_key, new_session_cookie, session_in_cookie
from shared.ids import uuid7
from shared.opaque_tokens import is_sound, mint

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEY = "colk_" + "A" * 43 + "0TxHJs"  # spelled out, so that keys of today are still keys tomorrow


def test_api_key_has_the_form_that_scanners_are_told() -> None:
    keys = {new_api_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(re.fullmatch(r"colk_[0-9A-Za-z]{49}", key) and is_api_key(key) for key in keys)


def test_form_never_changes_for_keys_that_are_out() -> None:
    assert is_api_key(KEY)


@given(st.integers(0, len(KEY) - 1), st.characters(codec="utf-8"))
def test_any_one_wrong_character_is_noticed(place: int, character: str) -> None:
    """A typo never reaches whoever knows the keys."""
    changed = KEY[:place] + character + KEY[place + 1 :]
    assert is_api_key(changed) == (changed == KEY)


@given(st.integers(5, len(KEY) - 2))
def test_two_characters_that_changed_places_are_noticed(place: int) -> None:
    key = mint("colk_")
    changed = key[:place] + key[place + 1] + key[place] + key[place + 2 :]
    assert is_api_key(changed) == (changed == key)


@given(st.text(CHARACTERS, min_size=49, max_size=49))
def test_chance_makes_no_key(text: str) -> None:
    assert not is_api_key("colk_" + text)


@given(st.text(max_size=60), st.text("colk_", max_size=5))
def test_anything_else_is_no_key_and_no_failure(text: str, label: str) -> None:
    assert not is_api_key(label + text)
    assert session_in_cookie(text) is None


@pytest.mark.parametrize("changed", [KEY + "\n", KEY + "0", KEY[:-1], " " + KEY, KEY.upper(), KEY[5:], "", "colk_"])
def test_key_with_more_or_less_is_none(changed: str) -> None:
    assert not is_api_key(changed)


def test_secret_of_one_label_is_none_of_another() -> None:
    """The checksum covers the label: no secret is passed off as one of another kind."""
    secret = mint("a_")
    assert is_sound(secret, "a_")
    assert not is_sound("b_" + secret[2:], "b_")


def test_cookie_says_which_session_it_is_of() -> None:
    session_id = uuid7()
    cookie = new_session_cookie(session_id)
    assert session_in_cookie(cookie) == session_id
    other = cookie.replace(session_id.hex, uuid7().hex)
    assert session_in_cookie(other) is None


@pytest.mark.parametrize("spell", [str, lambda each: each.hex.upper(), lambda each: "{" + each.hex[:-1]])
def test_cookie_has_one_spelling(spell: object) -> None:
    """Otherwise one session would fill a cache under many names."""
    assert callable(spell)
    session_id = UUID("0195f3a0-0000-7000-8000-0000000000aa")
    cookie = new_session_cookie(session_id)
    assert session_in_cookie(spell(session_id) + cookie[32:]) is None
