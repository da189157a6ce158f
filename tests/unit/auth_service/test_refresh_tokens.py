from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.errors import InvalidRefreshToken
from auth_service.refresh_tokens import RefreshToken, RefreshTokens
from shared.ids import uuid7
from shared.settings import Secret

TOKENS = RefreshTokens(Secret("k" * 32))
OTHER = RefreshTokens(Secret("o" * 32))


@given(st.uuids(), st.integers(1, 2**31 - 1), st.binary(min_size=32, max_size=32))
def test_token_survives_the_journey(session_id: UUID, generation: int, secret: bytes) -> None:
    token = RefreshToken(session_id, generation, secret)
    text = TOKENS.encode(token)
    assert len(text) == 92
    assert TOKENS.decode(text) == token


@given(st.data())
def test_no_other_spelling_and_no_change_is_accepted(data: st.DataObject) -> None:
    """A2: only what we made can be reuse; a forged token is nothing at all."""
    text = TOKENS.encode(TOKENS.first(uuid7()))
    at = data.draw(st.integers(0, 91))
    wrong = data.draw(st.characters(codec="utf-8").filter(lambda character: character != text[at]))
    with pytest.raises(InvalidRefreshToken):
        TOKENS.decode(text[:at] + wrong + text[at + 1 :])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text[:0], id="empty"),
        pytest.param(lambda text: text[:-1], id="shorter"),
        pytest.param(lambda text: text + "A", id="longer"),
        pytest.param(lambda text: text + "=", id="padded"),
        pytest.param(lambda text: text + "\n", id="line end"),
        pytest.param(lambda text: "\uff21" + text[1:], id="fullwidth letter"),
        pytest.param(lambda text: text * 2000, id="200 KB"),
    ],
)
def test_misshapen_tokens_are_refused(change: Callable[[str], str]) -> None:
    """A22: in no time, whatever the length."""
    with pytest.raises(InvalidRefreshToken):
        TOKENS.decode(change(TOKENS.encode(TOKENS.first(uuid7()))))


def test_another_servers_token_is_refused() -> None:
    with pytest.raises(InvalidRefreshToken):
        TOKENS.decode(OTHER.encode(OTHER.first(uuid7())))


def test_successor_is_the_same_each_time_and_follows_from_token_and_key() -> None:
    """A4: what was lost on its way can be made again."""
    token = TOKENS.first(uuid7())
    (successor,) = TOKENS.successors(token)
    assert TOKENS.successors(token) == (successor,)
    assert (successor.session_id, successor.generation) == (token.session_id, 2)
    twin = RefreshToken(token.session_id, token.generation, b"x" * 32)
    assert successor.secret not in (token.secret, OTHER.successors(token)[0].secret, TOKENS.successors(twin)[0].secret)
