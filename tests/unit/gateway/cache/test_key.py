"""G23: the key covers every input, so two requests that may get different answers never share one."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.headers import Header
from gateway.cache.key import Inputs, keyed_headers, path_key

TEXT = st.text(alphabet="ab/?&=:1 \xe9", max_size=6)
HEADERS = st.lists(st.tuples(TEXT, TEXT), max_size=3)
INPUTS = st.builds(Inputs, TEXT, TEXT, TEXT, HEADERS)


@given(INPUTS, INPUTS)
def test_different_inputs_have_different_keys(one: Inputs, other: Inputs) -> None:
    assert (one.key() == other.key()) is (one == other)


@given(TEXT, TEXT, TEXT, HEADERS)
def test_all_of_a_path_hangs_by_one_marker(origin: str, path: str, query: str, headers: Sequence[Header]) -> None:
    path = path.replace("?", "")
    key = Inputs(origin, "any", f"{path}?{query}", headers).key()
    assert key.path == path_key(origin, path)
    assert key.entry.startswith(f"{key.path}:")


def test_keys_of_a_path_lie_in_one_slot_of_a_cluster() -> None:
    key = Inputs("https://a", "b", "/c?d", []).key()
    assert key.path.index("{") < key.path.index("}") == len(key.path) - 1


def test_only_named_headers_count_in_one_spelling() -> None:
    received = [
        (b"ACCEPT", b"text/html,image/png"),
        (b"Cookie", b"a=b"),
        (b"accept", b" text/plain , "),
        (b"Accept-Language", b"*"),
        (b"Accept-Languag\xe9", b"de"),
    ]
    assert keyed_headers(received, ("Accept", "Accept-Language")) == [("Accept", "text/html, image/png, text/plain")]
    assert keyed_headers([(b"Accept", b"*/*"), (b"Accept-Language", b"")], ("Accept", "Accept-Language")) == []
    assert keyed_headers(received, ()) == []
