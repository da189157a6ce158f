import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from shared.normal_form import composed
from tests.quickness import PILED_MARKS, quick


@given(st.text(max_size=60))
def test_text_is_composed_wherever_it_may_be_short_enough(text: str) -> None:
    normal = unicodedata.normalize("NFC", text)
    assert composed(text, len(normal)) == normal


def test_no_character_is_composed_of_more_than_four() -> None:
    most = max(map(chr, range(sys.maxunicode + 1)), key=lambda each: len(unicodedata.normalize("NFD", each)))
    assert len(unicodedata.normalize("NFD", most)) == 4
    apart = unicodedata.normalize("NFD", most)
    assert composed(apart, 1) == most


def test_what_is_too_long_in_any_form_is_left_as_it_is_at_once() -> None:
    with quick():
        assert composed(PILED_MARKS, len(PILED_MARKS) // 4 - 1) == PILED_MARKS
