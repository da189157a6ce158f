"""What must take no time to speak of, and what it would take some for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

PILED_MARKS = "\u0345" * 30_000 + "\u0334" * 30_000  # some seconds, where they are put in order
_QUICK = 0.3  # seconds of this thread's own time


@contextmanager
def quick() -> Iterator[None]:
    """Fails where it takes this thread long; what others do meanwhile doesn't count."""
    begun = time.thread_time()
    yield
    took = time.thread_time() - begun
    assert took < _QUICK, f"it took {took:.2f} s"
