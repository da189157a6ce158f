"""Lines of several processes that share one standard output."""

import os
import threading

import pytest

from shared.log_writer import Descriptor

WRITERS, BATCHES, LINES = 4, 10, 250


@pytest.mark.parametrize("length", [20, 300, 4000, 4096])
def test_lines_of_several_writers_stay_whole_though_the_reader_is_slow(length: int) -> None:
    reading, writing = os.pipe()
    lines = {letter: letter * (length - 1) + b"\n" for letter in (b"a", b"b", b"c", b"d")}

    def write(line: bytes) -> None:
        output = Descriptor(writing, console=False, shared=True)
        for _ in range(BATCHES):
            output.write([line] * LINES)

    threads = [threading.Thread(target=write, args=(line,)) for line in lines.values()]
    for thread in threads:
        thread.start()
    seen, wanted = bytearray(), WRITERS * BATCHES * LINES * length
    while len(seen) < wanted:
        seen += os.read(reading, 10_000)
    for thread in threads:
        thread.join()
    os.close(reading)
    os.close(writing)
    assert {bytes(line) for line in seen.splitlines(keepends=True)} == set(lines.values())
