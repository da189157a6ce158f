import pytest

from auth_service.domain.passwords import accept_new_password, normalise_password
from auth_service.errors import WeakPassword


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("12345678", id="eight characters"),
        pytest.param("x" * 128, id="128 characters"),
        pytest.param("\U0001f600" * 64, id="64 characters of four bytes"),
        pytest.param("        ", id="eight spaces"),
        pytest.param("пароль-и-слон", id="another alphabet"),
    ],
)
def test_long_enough_is_good_enough(password: str) -> None:
    """A7: any Unicode, no composition rules."""
    assert accept_new_password(password) == password


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("", id="empty"),
        pytest.param("1234567", id="seven characters"),
        pytest.param("e\u0301" * 7, id="seven composed characters"),
        pytest.param("x" * 129, id="129 characters"),
        pytest.param("x" * 60_000, id="very long"),
    ],
)
def test_too_short_or_too_long_is_refused_with_its_place(password: str) -> None:
    with pytest.raises(WeakPassword) as caught:
        accept_new_password(password, "/new_password")
    assert caught.value.errors[0].pointer == "/new_password"


def test_composed_and_decomposed_input_are_one_password() -> None:
    assert normalise_password("cafe\u0301 au lait") == normalise_password("café au lait")
