"""What this process's metrics say, for tests of programs that run in it."""

from prometheus_client import REGISTRY


def told(name: str, **labels: str) -> float:
    """Return a sample's value, 0 for one that isn't there yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


class Grown:
    """By how much samples have grown since this was made; those asked for must be named at once."""

    def __init__(self, *names: str, **labels: str) -> None:
        self._labels = labels
        self._before = {name: told(name, **labels) for name in names}

    def __getitem__(self, name: str) -> float:
        return told(name, **self._labels) - self._before[name]
