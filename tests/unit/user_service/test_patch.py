import pytest

from shared.errors import MalformedBody
from shared.web.body import decode_json
from user_service.domain import Changes, Visibility
from user_service.errors import InvalidProfile
from user_service.messages import ProfilePatch, read_patch


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        pytest.param(b"{}", Changes(), id="empty"),
        pytest.param(b'{"display_name": " Ada "}', Changes(display_name="Ada"), id="name"),
        pytest.param(b'{"display_name": null}', Changes(display_name=""), id="name reset"),
        pytest.param(
            b'{"bio": "b", "visibility": "private"}', Changes(bio="b", visibility=Visibility.PRIVATE), id="two"
        ),
        pytest.param(b'{"bio": null, "visibility": null}', Changes(bio="", visibility=Visibility.PUBLIC), id="resets"),
    ],
)
def test_patch_becomes_the_changes_it_asks_for(body: bytes, changes: Changes) -> None:
    assert read_patch(decode_json(body, ProfilePatch)) == changes


def test_empty_changes_are_false() -> None:
    assert not Changes()
    assert Changes(display_name="")


def test_every_field_at_fault_is_named() -> None:
    with pytest.raises(InvalidProfile) as caught:
        read_patch(ProfilePatch(display_name="", bio="\0"))
    assert [violation.pointer for violation in caught.value.errors] == ["/display_name", "/bio"]


@pytest.mark.parametrize("field", ["id", "user_id", "role", "email", "email_verified", "created_at", "version"])
def test_patch_with_a_field_that_is_not_the_owners_to_set_is_malformed(field: str) -> None:
    """A21: role, email_verified, id in a body."""
    with pytest.raises(MalformedBody) as caught:
        decode_json(f'{{"{field}": "x"}}'.encode(), ProfilePatch)
    assert [violation.pointer for violation in caught.value.errors] == [f"/{field}"]
