"""Whether an instance is to be asked: judged by what it did with the requests it got, never by extra ones. No I/O here.

It is *out* after several failures in a row, for a time that doubles from one ejection to the next, and *leaving* once
it said `Connection: close`, as one that stops does. Either way one real request, the probe, finds out whether it is
back, and nobody else is sent there before that is known.
"""

from enum import IntEnum

FAILURES = 5  # in a row
FIRST_EJECTION, LONGEST_EJECTION = 0.5, 4.0  # seconds
FORGIVEN = 30.0  # seconds in service after which the next ejection is short again
LEAVING = 2.0  # seconds between the probes of an instance that stops
PROBE = 5.0  # seconds; a probe without an outcome after this time gets a successor
_ENOUGH = 8  # doublings
PATIENCE = 1.0  # seconds for which a probe is left to a request that can be repeated


class Standing(IntEnum):
    """In the order of preference. A probe comes first, or a rarely used upstream would never find out."""

    PROBE = 0
    IN = 1
    LAST_RESORT = 2  # still answers though it stops, or refuses at once, which costs nothing: better than nobody
    OUT = 3


class Health:
    """All times are of the loop's clock."""

    def __init__(self) -> None:
        self._failures = 0
        self._ejections = 0
        self._until = 0.0  # 0: it is in service
        self._since = 0.0
        self._leaving = False
        self._refusing = False
        self._probing = False

    @property
    def is_in(self) -> bool:
        """Whether it is in service, beyond doubt."""
        return not self._until

    def standing(self, now: float, *, repeatable: bool) -> Standing:
        if not self._until:
            return Standing.IN
        if now >= self._until + (0.0 if repeatable else PATIENCE):
            return Standing.PROBE
        return Standing.LAST_RESORT if self._leaving or self._refusing else Standing.OUT

    def chosen(self, now: float) -> None:
        """A request goes there: once the time is over, that is the probe."""
        if self._until and now >= self._until:
            self._probing = True
            self._until = now + PROBE

    def succeeded(self, now: float) -> None:
        self._failures = 0
        if self._until:
            self._until, self._since = 0.0, now
            self._leaving = self._refusing = self._probing = False

    def left(self, now: float) -> bool:
        """It said that it stops; whether that is news."""
        is_news = not self._leaving
        self._failures, self._leaving = 0, True
        self._refusing = self._probing = False
        self._until = now + LEAVING
        return is_news

    def failed(self, now: float, *, refused: bool = False) -> bool:
        """Return whether that is news: it was in service till now. One that was leaving needs no second failure.

        Who refuses connections is asked again soon, and as long as there is no other: nothing is lost by it, and
        nobody waits, so that a lone instance serves again with its first breath.
        """
        if self._until and not (self._leaving or self._refusing or self._probing):
            return False  # a straggler from before the ejection
        is_news = not (self._until and self._probing) and not self._refusing
        self._failures += 1
        if self._failures < FAILURES and not self._until:
            return False
        if refused or (not self._until and now > self._since + FORGIVEN):
            self._ejections = 0
        self._until = now + min(FIRST_EJECTION * 2**self._ejections, LONGEST_EJECTION)
        self._ejections = min(self._ejections + 1, _ENOUGH)
        self._leaving = self._probing = False
        self._refusing = refused
        return is_news
