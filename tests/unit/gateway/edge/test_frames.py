from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.frames import Frames, close_frame


def frame(opcode: int, size: int, *, masked: bool = False) -> bytes:
    mask = 0x80 if masked else 0
    if size < 126:
        head = bytes((0x80 | opcode, mask | size))
    elif size < 65_536:
        head = bytes((0x80 | opcode, mask | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, mask | 127)) + size.to_bytes(8, "big")
    return head + bytes(4 if masked else 0) + b"\x88" * size


frames = st.builds(
    frame,
    st.sampled_from((0, 1, 2, 9, 10)),
    st.sampled_from((0, 1, 2, 125, 126, 127, 300, 65_535, 65_536)),
    masked=st.booleans(),
)


@given(st.lists(frames, max_size=4), st.lists(st.integers(1, 400), max_size=8))
def test_end_of_a_frame_is_found_however_the_bytes_arrive(sent: list[bytes], steps: list[int]) -> None:
    ends = {sum(map(len, sent[:count])) for count in range(len(sent) + 1)}
    data, position, passed = b"".join(sent), 0, Frames()
    for step in (*steps, len(b"".join(sent))):
        passed.feed(data[position : position + step])
        position = min(position + step, len(data))
        assert passed.at_boundary == (position in ends)
    assert passed.at_boundary


def test_nothing_may_follow_a_close() -> None:
    passed = Frames()
    passed.feed(close_frame(1000, ""))
    assert not passed.at_boundary
    assert passed.has_closed


def test_close_is_unmasked_and_tells_its_code() -> None:
    assert close_frame(1008, "no") == b"\x88\x04\x03\xf0no"
