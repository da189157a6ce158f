class UpgradeError(Exception):
    """It can't be told what an upgrade would do; the message says why."""
