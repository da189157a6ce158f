class BackupError(Exception):
    """Why it can't be done, in words for the person at the terminal: what is wrong, and what to do about it."""


class Damaged(BackupError):
    """The backup isn't what it was when it was made, or isn't whole: it must not be relied on."""
