"""How one attempt to get an answer failed: what decides whether there may be another. Never leaves this folder."""

from shared.errors import AppError


class AttemptFailed(Exception):
    """No head of an answer came. `stale`: sent on a connection that may have been closed before the request came."""

    def __init__(self, error: AppError, *, sent: bool, answered: bool = False, stale: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.sent = sent
        self.answered = answered
        self.stale = stale
