import pytest

from deploy.backup import passphrase


@pytest.fixture(autouse=True, scope="session")
def _cheap_passphrases() -> None:
    """What makes guessing dear would make each of these tests dear, too."""
    passphrase._COST = 2
