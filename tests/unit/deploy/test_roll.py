"""When containers can be replaced; that no request fails then is what `make test-compose` shows."""

import pytest

from deploy.compose.roll import has_room


@pytest.mark.parametrize(
    ("published", "containers", "room"),
    [
        pytest.param("", 4, True, id="any free port"),
        pytest.param("8080", 2, False, id="one port"),
        pytest.param("8080", 1, True, id="one port, one container"),
        pytest.param("8080-8083", 4, True, id="a range that suffices"),
        pytest.param("8080-8082", 4, False, id="a range that doesn't"),
    ],
)
def test_each_container_needs_a_port_of_its_own(published: str, containers: int, *, room: bool) -> None:
    assert has_room(published, containers) is room
