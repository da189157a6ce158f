"""What the launcher says of the person's own route file."""

import shutil
from pathlib import Path

from deploy.local.route_file import RouteFileWatch
from gateway.settings import routes_file


def test_mistakes_of_a_changed_file_are_told_with_their_lines_once(tmp_path: Path) -> None:
    routes, said = tmp_path / "routes.toml", list[str]()
    shutil.copy(routes_file(), routes)
    watch = RouteFileWatch(str(routes), said.append)
    watch.look()
    right = routes.read_text(encoding="utf-8")
    routes.write_text(f"x = 1\n{right}", encoding="utf-8")
    watch.look()
    assert said == []  # it may be half of a file
    watch.look()
    watch.look()
    [told] = said
    assert f"{routes}:1: " in told
    assert "stays in force" in told

    routes.write_text(right, encoding="utf-8")
    watch.look()
    watch.look()
    assert f"{routes} is right: " in said[1]


def test_nobody_has_to_have_a_route_file() -> None:
    said: list[str] = []
    watch = RouteFileWatch(None, said.append)
    watch.look()
    watch.look()
    assert said == []
