import pytest
from hiredis import ReplyError

from gateway.valkey.slots import Range, SlotMap, read_slots, slot_of


@pytest.mark.parametrize(
    ("key", "slot"),
    [
        pytest.param(b"123456789", 0x31C3, id="the specification's own example"),
        pytest.param(b"foo", 12182, id="no braces"),
        pytest.param(b"limit:{foo}:login", 12182, id="what is in braces"),
        pytest.param(b"{foo}{bar}", 12182, id="the first pair"),
        pytest.param(b"{}foo", 9500, id="an empty pair is no pair"),
        pytest.param(b"{foo", 13308, id="an open brace is no pair"),
        pytest.param(b"", 0, id="nothing"),
    ],
)  # fmt: skip
def test_slot_is_that_of_the_specification(key: bytes, slot: int) -> None:
    assert slot_of(key) == slot


def test_map_knows_who_serves_a_slot_and_who_does_not() -> None:
    slots = SlotMap([Range(12000, 12181, ("b", 2)), Range(0, 11999, ("a", 1)), Range(12183, 16383, ("c", 3))])
    assert slots.node_of(b"foo") is None
    assert slots.node_of(b"123456789") == ("c", 3)
    assert slots.node_of(b"") == ("a", 1)
    assert SlotMap().node_of(b"foo") is None


def test_node_without_a_name_is_where_it_was_asked() -> None:
    answer = [[0, 9, [None, 7000, b"id", []]], [10, 16383, [b"10.0.0.2", 7001, b"id", []], [b"10.0.0.3", 7002]]]
    assert read_slots(answer, "10.0.0.1").nodes == {("10.0.0.1", 7000), ("10.0.0.2", 7001)}


def test_cluster_that_is_yet_to_be_formed_is_away() -> None:
    with pytest.raises(ConnectionError, match="no slots are served"):
        read_slots([], "h")


def test_refusal_is_told() -> None:
    with pytest.raises(ConnectionError, match="cluster support disabled"):
        read_slots(ReplyError("ERR This instance has cluster support disabled"), "h")
