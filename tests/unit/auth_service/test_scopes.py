"""Which scopes an API key may be given."""

import pytest

from auth_service.domain.api_keys import SCOPES, accept_scopes
from auth_service.errors import InvalidScope
from auth_service.handlers.pages.api_keys import OFFERED


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("file:read", "files:read"),
        ("Files:Read", "files:read"),
        ("files.write", "files:write"),
        ("user/read", "users:read"),
        ("FULL", "full"),
    ],
)
def test_what_is_all_but_a_scope_of_ours_is_refused_by_naming_it(mistyped: str, meant: str) -> None:
    """A key that looks narrow and opens nothing is found out when it is needed."""
    with pytest.raises(InvalidScope, match=meant) as refused:
        accept_scopes(["users:read", mistyped])
    (fault,) = refused.value.errors
    assert fault.pointer == "/scopes/1"


@pytest.mark.parametrize(
    "scope",
    ["notes:read", "user:settings", "users:export", "files", "filesystem:read", "fulltext", "read", "9", "a_b:c/d-e.f"],
)
def test_scope_of_an_own_route_is_taken(scope: str) -> None:
    assert accept_scopes([scope, *SCOPES]) == (scope, *SCOPES)


def test_page_offers_all_of_ours() -> None:
    assert tuple(scope for scope, *_ in OFFERED) == SCOPES
