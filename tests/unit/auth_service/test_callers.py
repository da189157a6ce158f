import pytest
from aiohttp.test_utils import make_mocked_request

from auth_service.handlers.callers import session_of
from shared.errors import SessionRequired
from shared.identity import Identity, Kind
from shared.web.context import CONTEXT, new_context


def test_credential_without_a_session_is_no_session() -> None:
    """A20: what needs a session isn't done for a key that has none."""
    request = make_mocked_request("POST", "/v1/auth/logout")
    request[CONTEXT] = new_context(request)
    request[CONTEXT].identity = Identity(Kind.USER, "019b0000-0000-7000-8000-000000000000", api_key_id="k")
    with pytest.raises(SessionRequired):
        session_of(request)
