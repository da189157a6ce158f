import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.conditions import conditions_for, has_already, is_conditional, part
from gateway.cache.headers import Header

MONDAY, TUESDAY = "Mon, 01 Jan 2024 00:00:00 GMT", "Tue, 02 Jan 2024 00:00:00 GMT"
STORED: list[Header] = [("ETag", '"one"'), ("Last-Modified", MONDAY)]


@pytest.mark.parametrize(
    ("asked", "has"),
    [
        ([], False),
        ([("If-None-Match", '"one"')], True),
        ([("If-None-Match", 'W/"one"')], True),
        ([("If-None-Match", '"two", W/"one"')], True),
        ([("If-None-Match", '"two"'), ("If-None-Match", '"one"')], True),
        ([("If-None-Match", "*")], True),
        ([("If-None-Match", "one")], False),
        ([("If-None-Match", '"two"'), ("If-Modified-Since", TUESDAY)], False),  # RFC 9110, 13.1.3
        ([("If-Modified-Since", MONDAY)], True),
        ([("If-Modified-Since", TUESDAY)], True),
        ([("If-Modified-Since", "Sun, 31 Dec 2023 00:00:00 GMT")], False),
        ([("If-Modified-Since", "soon")], False),
    ],
)
def test_client_has_it_already(asked: list[Header], *, has: bool) -> None:
    assert has_already(asked, STORED) is has


def test_what_has_no_validator_nobody_has_already() -> None:
    assert not has_already([("If-None-Match", '"one"')], [])
    assert not has_already([("If-Modified-Since", MONDAY)], [])


def test_weak_tag_that_is_kept_is_compared_without_its_weakness() -> None:
    assert has_already([("If-None-Match", '"one"')], [("ETag", 'W/"one"')])


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=2-5", slice(2, 6)),
        ("Bytes= 2-5", slice(2, 6)),
        ("bytes=2-", slice(2, 10)),
        ("bytes=-3", slice(7, 10)),
        ("bytes=-30", slice(0, 10)),
        ("bytes=2-99", slice(2, 10)),
        ("bytes=10-", slice(10, 10)),
        ("bytes=99-100", slice(10, 10)),
        ("bytes=-0", slice(10, 10)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("bytes=a-b", None),
        ("bytes=+1-2", None),
        ("bytes=1_0-20", None),
        ("items=0-1", None),
        ("bytes=0-99999999999999999999999", None),
    ],
)
def test_part_that_is_asked_for(wanted: str, expected: slice | None) -> None:
    assert part([("Range", wanted)], STORED, 10) == expected


@pytest.mark.parametrize(
    ("if_range", "holds"),
    [('"one"', True), ('"two"', False), ('W/"one"', False), (MONDAY, True), (TUESDAY, False), ("soon", False)],
)
def test_part_is_of_what_the_client_has(if_range: str, *, holds: bool) -> None:
    found = part([("Range", "bytes=0-1"), ("If-Range", if_range)], STORED, 10)
    assert found == (slice(0, 2) if holds else None)


def test_weak_tag_that_is_kept_makes_no_parts_of_one() -> None:
    asked = [("Range", "bytes=0-1"), ("If-Range", 'W/"one"')]
    assert part(asked, [("ETag", 'W/"one"')], 10) is None


def test_several_ranges_or_conditions_get_all() -> None:
    assert part([("Range", "bytes=0-1"), ("Range", "bytes=0-1")], STORED, 10) is None
    twice = [("Range", "bytes=0-1"), ("If-Range", '"one"'), ("If-Range", '"one"')]
    assert part(twice, STORED, 10) is None
    assert part([], STORED, 10) is None


def test_answer_that_says_it_has_no_parts_has_none() -> None:
    assert part([("Range", "bytes=0-1")], [*STORED, ("Accept-Ranges", "none")], 10) is None


@given(st.text(alphabet="bytes=0123456789-, ", max_size=20), st.integers(0, 50))
def test_part_lies_within_the_whole(wanted: str, length: int) -> None:
    found = part([("Range", wanted)], [], length)
    assert found is None or 0 <= found.start <= length >= found.stop


def test_owner_is_asked_with_what_is_kept() -> None:
    assert conditions_for(STORED) == [("If-None-Match", '"one"'), ("If-Modified-Since", MONDAY)]
    assert conditions_for([("Last-Modified", "soon")]) == []
    assert conditions_for([("ETag", '"\u4e2d"')]) == [("If-None-Match", '"\u4e2d"')]
    assert conditions_for([("ETag", '"\ufffd"')]) == []


@pytest.mark.parametrize(("name", "conditional"), [("If-Match", True), ("if-unmodified-since", True), ("Range", False)])
def test_conditions_about_writing_are_not_the_caches(name: str, *, conditional: bool) -> None:
    assert is_conditional([(name, "x")]) is conditional
