import pytest
from hypothesis import given
from hypothesis import strategies as st

from user_service.domain import fold, search_term


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("ADA", "ada", id="case"),
        pytest.param("Zo\u00eb", "zoe", id="accent"),
        pytest.param("Zoe\u0308", "zoe", id="accent apart"),
        pytest.param("Stra\u00dfe", "strasse", id="sharp s"),
        pytest.param("\u0141ukasz S\u00f8rensen", "lukasz sorensen", id="strokes"),
        pytest.param("\uff21\uff24\uff21", "ada", id="full width"),
        pytest.param("\u0130stanbul", "istanbul", id="dotted capital I"),
        pytest.param("  Ada \t Lovelace ", "ada lovelace", id="spaces"),
        pytest.param("\u0410\u043d\u043d\u0430", "\u0430\u043d\u043d\u0430", id="Cyrillic"),
        pytest.param("Ada \u2764\ufe0f", "ada \u2764", id="emoji selector"),
    ],
)
def test_folded_text_has_neither_case_nor_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize("raw", ["a%_", "   ", "a\u0301\u0301", "\\\\\\", "%%%", "___", "ab ", "a-b"])
def test_term_with_fewer_than_three_letters_or_digits_is_none(raw: str) -> None:
    """U5: what the index can't narrow down isn't searched for."""
    assert search_term(raw) is None


@pytest.mark.parametrize("raw", ["abc", "a b c", "a%b_c", "123"])
def test_term_with_three_letters_or_digits_is_searched_for(raw: str) -> None:
    assert search_term(raw) == raw


@given(st.text(max_size=100))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
