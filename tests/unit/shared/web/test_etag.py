import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from shared.errors import PreconditionFailed
from shared.web.etag import matches_none, named_tags, require_match


def asked(**headers: str) -> web.BaseRequest:
    return make_mocked_request("GET", "/", headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("header", ['"7"', 'W/"7"', '"6", "7"', '"6",W/"7"', "*", " * "])
def test_if_none_match_that_names_the_tag_matches(header: str) -> None:
    assert matches_none(asked(If_None_Match=header), "7")


@pytest.mark.parametrize("header", ["", '"8"', "7", '"77"', '"7', "'7'"])
def test_if_none_match_that_names_others_does_not(header: str) -> None:
    assert not matches_none(asked(If_None_Match=header), "7")


@pytest.mark.parametrize("header", ['"7"', '"6", "7"', ' "7" '])
def test_if_match_that_names_the_tag_binds_the_write_to_it(header: str) -> None:
    assert require_match(asked(If_Match=header), "7") is True


@pytest.mark.parametrize("headers", [{}, {"If_Match": "*"}, {"If_Match": " * "}])
def test_without_a_named_tag_any_version_will_do(headers: dict[str, str]) -> None:
    assert require_match(asked(**headers), "7") is False


@pytest.mark.parametrize("header", ["", '"8"', 'W/"7"', "7", '"6", "8"', '"7'])
def test_if_match_that_names_others_is_a_failed_precondition(header: str) -> None:
    with pytest.raises(PreconditionFailed):
        require_match(asked(If_Match=header), "7")


@pytest.mark.parametrize("header", ["\xe9", '"\xe9"', 'W/"7"', '"a b"', '"'])
def test_tag_that_is_none_of_ours_is_not_looked_for(header: str) -> None:
    assert named_tags(asked(If_Match=f'{header}, "7"')) == ["7"]
