"""How many blobs readers may hold open beside the one that each is reading: many of them may be slow."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

_MOST = 16_384


class Spare:
    """Counts in this process's memory; `left` can be lent."""

    def __init__(self, most: int) -> None:
        self.left = most

    @contextmanager
    def lend(self, wanted: int) -> Iterator[int]:
        """Lend as many of `wanted` as there are; at the end they are given back."""
        lent = min(wanted, self.left)
        self.left -= lent
        try:
            yield lent
        finally:
            self.left += lent


def spare_descriptors() -> int:
    """Return a quarter of what this process may open: connections, uploads and the database need some too."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else min(_MOST, soft // 4)
