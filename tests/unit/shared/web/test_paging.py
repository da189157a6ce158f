from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidParameter
from shared.web.paging import PageQuery, decode_cursor, encode_cursor, make_page

ids = st.uuids()
scopes = st.text(max_size=20)


@given(scopes, ids)
def test_cursor_comes_back_as_the_id_that_went_in(scope: str, last: UUID) -> None:
    cursor = encode_cursor(scope, last)
    assert decode_cursor(scope, cursor) == last
    assert cursor.isascii()
    msgspec.convert({"cursor": cursor}, PageQuery)  # fits the query's limits


@given(scopes, scopes, ids)
def test_cursor_of_another_list_is_refused(scope: str, other: str, last: UUID) -> None:
    if scope == other:
        return
    with pytest.raises(InvalidParameter):
        decode_cursor(other, encode_cursor(scope, last))


@given(st.text(max_size=64) | st.binary(max_size=48).map(lambda raw: raw.hex()))
def test_forged_cursor_is_refused(cursor: str) -> None:
    """U4: forged cursor."""
    with pytest.raises(InvalidParameter) as caught:
        decode_cursor("things", cursor)
    assert caught.value.errors[0].pointer == "cursor"


@given(ids, st.integers(0, 29), st.sampled_from("AQgwBCDEabcdef0123456789-_"))
def test_changed_cursor_is_refused_whatever_its_bits_decode_to(last: UUID, at: int, other: str) -> None:
    cursor = encode_cursor("things", last)
    if cursor[at] == other:
        return
    with pytest.raises(InvalidParameter):
        decode_cursor("things", cursor[:at] + other + cursor[at + 1 :])


def test_list_starts_without_a_cursor() -> None:
    assert decode_cursor("things", None) is None


@given(st.integers(0, 30), st.integers(1, 10))
def test_pages_hold_every_row_once_in_order(count: int, limit: int) -> None:
    rows = [UUID(int=number) for number in range(1, count + 1)]
    seen: list[str] = []
    cursor, pages = None, 0
    while True:
        after = decode_cursor("things", cursor) or UUID(int=0)
        page = make_page("things", [row for row in rows if row > after][: limit + 1], limit, lambda row: row, str)
        assert len(page.items) <= limit
        seen += page.items
        pages += 1
        if (cursor := page.next_cursor) is None:
            break
    assert seen == [str(row) for row in rows]
    assert pages == max(1, -(-count // limit))
