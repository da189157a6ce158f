"""How many requests may be sent a second time, so that a struggling upstream isn't given half as much again."""

RATIO = 0.1  # of the requests
BURST = 10.0


class RetryBudget:
    """Each request earns a tenth of a repetition; no more than a few are saved up."""

    def __init__(self) -> None:
        self._saved = BURST

    def earn(self) -> None:
        if self._saved < BURST:
            self._saved += RATIO

    def spend(self) -> bool:
        """Take one repetition, if there is one."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True
