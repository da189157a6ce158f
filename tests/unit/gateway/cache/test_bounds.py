"""What the cache may take: in Valkey, in memory, and of names that it remembers."""

import gc

from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.entry import Entry
from gateway.cache.ledger import Ledger
from gateway.cache.memory import Memory
from gateway.cache.passing import SECONDS, Passing
from gateway.cache.policy import Terms

OVERHEAD = 512


def entry(size: int, serial: bytes = b"1") -> Entry:
    return Entry(b"m", serial, 200, 0.0, [], Terms(60), bytes(size))


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 400)), max_size=30))
def test_ledger_never_holds_more_than_its_bound(puts: list[tuple[str, int]]) -> None:
    ledger, kept = Ledger(2000), {}
    for name, size in puts:
        assert ledger.fits(size)
        gone = ledger.add(name, size)
        kept[name] = size
        for each in gone:
            del kept[each]
        assert name in kept
        assert ledger.total == sum(kept.values()) + OVERHEAD * len(kept) <= 2000


def test_longest_unused_goes_first() -> None:
    ledger = Ledger(3 * (OVERHEAD + 10))
    for name in "abc":
        assert ledger.add(name, 10) == []
    ledger.touch("a")
    ledger.touch("unknown")
    assert ledger.add("d", 10) == ["b"]
    assert not ledger.fits(3 * (OVERHEAD + 10))


def test_what_many_send_is_held_once_and_let_go() -> None:
    memory = Memory(1000)
    first = memory.shared("a", entry(600))
    assert memory.shared("a", entry(600)) is first
    assert (memory.held, memory.is_full) == (600, False)
    second = memory.shared("a", entry(600, b"2"))
    assert second is not first
    assert (memory.held, memory.is_full) == (1200, True)
    del first, second
    gc.collect()
    assert memory.held == 0


def test_what_is_passed_by_is_forgotten_in_time_and_number() -> None:
    now = [0.0]
    passing = Passing(lambda: now[0])
    passing.note("a")
    assert "a" in passing
    assert "b" not in passing
    now[0] = SECONDS
    assert "a" not in passing
    for number in range(5000):
        passing.note(str(number))
    assert "0" not in passing
    assert "4999" in passing
