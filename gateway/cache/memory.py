"""The bytes of answers that this process holds at one moment: being collected, or on their way to clients."""

import weakref
from weakref import WeakValueDictionary

from gateway.cache.entry import Entry

BOUND = 64 * 1024 * 1024


class Memory:
    """An answer that many clients are being sent is held once: `shared` finds it again."""

    def __init__(self, bound: int = BOUND) -> None:
        self._bound = bound
        self._entries: WeakValueDictionary[str, Entry] = WeakValueDictionary()
        self.held = 0

    @property
    def is_full(self) -> bool:
        return self.held >= self._bound

    def shared(self, name: str, entry: Entry) -> Entry:
        """Return the entry as it is held already, or hold it until nobody needs it any more."""
        known = self._entries.get(name)
        if known is not None and known.serial == entry.serial:
            return known
        self._entries[name] = entry
        self.collect(len(entry.body))
        weakref.finalize(entry, self.release, len(entry.body)).atexit = False
        return entry

    def collect(self, size: int) -> None:
        self.held += size

    def release(self, size: int) -> None:
        self.held -= size
