from file_service.sharing.passwords import SharePasswords
from tests.quickness import PILED_MARKS, quick


def test_accents_of_no_password_take_no_time() -> None:
    """Whoever has a link may send anything for its password, as often as a film is read in parts."""
    with quick():
        assert not SharePasswords().remembers(PILED_MARKS, "scrypt$")
