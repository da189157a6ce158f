"""RFC 9111 and RFC 5861 as a table, and what holds for every header that anybody may send."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.headers import Header, directives, seconds
from gateway.cache.policy import (
    LONGEST,
    STORABLE,
    VALIDATABLE,
    Terms,
    Use,
    born,
    covers_error,
    freshened,
    has_validator,
    retention,
    terms,
    use,
)

NOW = 1_700_000_000.0
THEN = formatdate(NOW, usegmt=True)
TAG = ("ETag", '"one"')


def said(*control: str, **more: str) -> list[Header]:
    fields = [("Cache-Control", each) for each in control]
    return [*fields, *((name.replace("_", "-"), value) for name, value in more.items())]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        # 4.2.1: which of several statements counts
        pytest.param(said("max-age=60"), Terms(60), id="max-age"),
        pytest.param(said("max-age=60, s-maxage=5"), Terms(5), id="s-maxage before max-age"),
        pytest.param(said("s-maxage=60", "max-age=5"), Terms(60), id="over two fields"),
        pytest.param(
            said("max-age=60", Expires=formatdate(NOW + 5, usegmt=True)), Terms(60), id="max-age before Expires"
        ),
        pytest.param(said(Expires=formatdate(NOW + 90, usegmt=True), Date=THEN), Terms(90), id="Expires less Date"),
        pytest.param(said(Expires=formatdate(NOW + 90, usegmt=True)), Terms(90), id="Expires without Date"),
        pytest.param(said('max-age="60"'), Terms(60), id="quoted, as a recipient should take it (5.2)"),
        pytest.param(said("MAX-AGE=60"), Terms(60), id="names in any case (5.2)"),
        pytest.param(said("max-age=60,, ,public"), Terms(60), id="empty members"),
        pytest.param(said("max-age=99999999999999999999"), Terms(2**31), id="too large a number (1.2.2)"),
        pytest.param(said("max-age=3000000000"), Terms(2**31), id="a number just too large"),
        # 4.2.2: heuristics are not used
        pytest.param(said("public", Last_Modified=THEN), None, id="nothing about freshness"),
        pytest.param([], None, id="nothing at all"),
        # 4.2.1: what can't be read is stale, so of use only where it can be validated
        pytest.param(said("max-age=soon"), None, id="no number"),
        pytest.param(said("max-age=-1"), None, id="negative"),
        pytest.param(said("max-age=1.5"), None, id="broken number"),
        pytest.param(said("max-age=\u0661"), None, id="digits of another script"),
        pytest.param(said("max-age"), None, id="no value"),
        pytest.param(said("max-age=1, max-age=2"), None, id="two values"),
        pytest.param(said("max-age=60", "max-age=60"), Terms(60), id="the same twice"),
        pytest.param(said(Expires="0"), None, id="Expires: 0 (5.3)"),
        pytest.param([("Expires", THEN), ("Expires", THEN)], None, id="Expires twice"),
        pytest.param(said(Expires="Mon, 99 Foo 2024 00:00:00 GMT"), None, id="Expires that is no date"),
        pytest.param(said(Expires="Tue, 14 Nov 2023 22:13:20 -0000"), None, id="Expires without a zone"),
        pytest.param([*said("max-age=0"), TAG], Terms(0), id="stale, with a tag"),
        pytest.param(said("max-age=0", Last_Modified=THEN), Terms(0), id="stale, with a date"),
        pytest.param(said("max-age=0", Last_Modified="soon"), None, id="stale, with a date that is none"),
        # 5.2.2.4: no-cache
        pytest.param([*said("no-cache"), TAG], Terms(0), id="no-cache"),
        pytest.param([*said("no-cache, max-age=60, stale-if-error=9"), TAG], Terms(0), id="no-cache forbids stale use"),
        pytest.param([*said('no-cache="x-a", max-age=60'), TAG], Terms(0), id="no-cache with fields"),
        pytest.param(said("no-cache, max-age=60"), None, id="no-cache, nothing to validate by"),
        # 3, 5.2.2.5, 5.2.2.7: what is not for a shared cache
        pytest.param(said("no-store, max-age=60"), None, id="no-store"),
        pytest.param(said("must-understand, no-store, max-age=60"), None, id="no-store whatever we understand"),
        pytest.param(said("private, max-age=60"), None, id="private"),
        pytest.param(said('private="set-cookie", max-age=60'), None, id="private with fields"),
        pytest.param(said("PRIVATE", "max-age=60"), None, id="private in another field and case"),
        pytest.param(said('max-age=60, x="a, private'), None, id="an open quote may hide anything"),
        pytest.param(said("max-age=60; private"), None, id="a wrong separator may hide anything"),
        pytest.param(said('x="a\\"b, private", max-age=60'), Terms(60), id="words in quotes are none"),
        pytest.param(said("max-age=60", Set_Cookie="a=b"), None, id="a cookie"),
        pytest.param(said("max-age=60", Vary="*"), None, id="Vary: * (4.1)"),
        pytest.param(said("max-age=60", Vary="Accept, *"), None, id="* among others"),
        pytest.param(
            said("max-age=60", Vary="Accept, Origin"), Terms(60), id="Vary on what is in the key, or isn't sent"
        ),
        # RFC 5861 and 4.2.4
        pytest.param(
            said("max-age=60, stale-while-revalidate=30, stale-if-error=300"), Terms(60, 30, 300), id="stale uses"
        ),
        pytest.param(
            said("s-maxage=60, stale-while-revalidate=30"), Terms(60, 30), id="said beside s-maxage, it counts"
        ),
        pytest.param(said("max-age=60, stale-if-error=9, must-revalidate"), Terms(60), id="must-revalidate"),
        pytest.param(said("max-age=60, stale-if-error=9, proxy-revalidate"), Terms(60), id="proxy-revalidate"),
        pytest.param(said("max-age=60, stale-if-error=x"), Terms(60), id="stale use that can't be read"),
        pytest.param(said("max-age=0, stale-while-revalidate=30"), Terms(0, 30), id="stale at once, and of use"),
    ],
)
def test_what_may_be_kept(headers: list[Header], expected: Terms | None) -> None:
    """G21; sections of RFC 9111 in the comments."""
    assert terms(200, headers, NOW) == expected


@pytest.mark.parametrize("status", [100, 101, 206, 302, 304, 400, 401, 403, 416, 429, 500, 502, 503])
def test_other_statuses_are_not_kept(status: int) -> None:
    assert terms(status, said("max-age=60"), NOW) is None
    assert status not in STORABLE


@pytest.mark.parametrize(
    ("headers", "asked", "age"),
    [
        ([], NOW, 0),
        ([], NOW - 3, 3),  # the time that the answer took counts (4.2.3)
        ([("Age", "10")], NOW - 3, 13),
        ([("Date", formatdate(NOW - 20, usegmt=True))], NOW, 20),
        ([("Date", formatdate(NOW - 20, usegmt=True)), ("Age", "50")], NOW, 50),
        ([("Date", formatdate(NOW + 20, usegmt=True))], NOW, 0),  # a clock that is ahead makes nothing younger
        ([("Age", "10"), ("Age", "30")], NOW, 30),
        ([("Age", "x")], NOW, 0),
        ([], NOW + 5, 0),  # our own clock was set back
    ],
)
def test_age_of_what_comes(headers: list[Header], asked: float, age: float) -> None:
    """RFC 9111, 4.2.3."""
    assert NOW - born(headers, asked, NOW) == age


@pytest.mark.parametrize(
    ("age", "how", "covers"),
    [
        (0, Use.FRESH, True),
        (59.9, Use.FRESH, True),
        (60, Use.WHILE_REVALIDATING, True),
        (89.9, Use.WHILE_REVALIDATING, True),
        (90, Use.AFTER_VALIDATION, True),
        (359.9, Use.AFTER_VALIDATION, True),
        (360, Use.AFTER_VALIDATION, False),
    ],
)
def test_use_by_age(age: float, how: Use, *, covers: bool) -> None:
    found = Terms(60, 30, 300)
    assert use(found, age) is how
    assert covers_error(found, age) is covers


@pytest.mark.parametrize(
    ("found", "headers", "age", "expected"),
    [
        (Terms(60), [], 0, 60),
        (Terms(60), [], 20, 40),
        (Terms(60), [], 70, 0),
        (Terms(60, 30, 300), [], 0, 360),
        (Terms(60), [TAG], 0, 60 + VALIDATABLE),
        (Terms(2**31), [], 0, LONGEST),
    ],
)
def test_how_long_it_is_kept(found: Terms, headers: list[Header], age: float, expected: float) -> None:
    assert retention(found, headers, age) == expected


def test_304_updates_what_is_kept_and_not_its_body() -> None:
    stored = [("Content-Type", "image/png"), ("X-Note", "old"), ("X-Kept", "1"), TAG]
    update = [("content-type", "text/html"), ("Content-Length", "0"), ("x-note", "new"), ("x-note", "newer"), TAG]
    assert freshened(stored, update) == [
        ("Content-Type", "image/png"), ("X-Kept", "1"), ("x-note", "new"), ("x-note", "newer"), TAG
    ]  # fmt: skip
    assert freshened(stored, []) == stored


def test_304_about_another_representation_is_of_no_use() -> None:
    assert freshened([TAG], [("ETag", '"two"')]) is None


WORDS = st.sampled_from(
    ["max-age=60", "s-maxage=5", "private", "no-store", "no-cache", "public", "must-revalidate", 'x="', '"', "=", ";"]
)


@given(st.lists(st.one_of(WORDS, st.text(max_size=12)), max_size=6), st.sampled_from([",", ", ", " ", "\t,"]))
def test_private_words_are_never_overlooked(words: list[str], separator: str) -> None:
    """Whatever else stands in the field, in whatever grammar."""
    for word in ("private", "no-store"):
        text = separator.join([*words, word])
        quoted = text.count('"') and any('"' in each for each in words)
        found = terms(200, said(text), NOW)
        assert found is None or quoted or not separator.strip()


@given(st.lists(st.text(max_size=60), max_size=4))
def test_directives_of_any_text_can_be_asked_for(fields: list[str]) -> None:
    control = directives(fields)
    for name in control:
        assert 0 <= seconds(control, name) <= 2**31
    assert directives([",".join(fields)]) == control


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 4e6), st.lists(st.just(TAG), max_size=1))
def test_nothing_is_used_longer_than_it_is_kept_or_may_be(
    lifetime: float, revalidate: float, error: float, age: float, headers: list[Header]
) -> None:
    found = Terms(lifetime, revalidate, error)
    left = retention(found, headers, age)
    assert 0 <= left <= LONGEST
    assert use(found, age) is not Use.FRESH or left > 0 or lifetime - age <= 0
    if use(found, age + left) is not Use.AFTER_VALIDATION:
        assert left == LONGEST or left + age <= lifetime + revalidate
    assert has_validator(headers) is bool(headers)
