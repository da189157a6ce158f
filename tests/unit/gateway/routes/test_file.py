"""When a route file counts as changed, and what stays of it when it is wrong."""

import os
from pathlib import Path

import pytest

from gateway.routes.file import RouteFile
from gateway.routes.match import RouteTable
from gateway.routes.model import Mistake, RoutesError


def load(path: Path) -> RouteTable:
    """Stands for the loader: what the file holds is the name of an upstream, and `bad` is a mistake."""
    text = path.read_text() if path.exists() else "bad"
    if text == "bad":
        raise RoutesError(str(path), [Mistake(1, "bad")])
    return RouteTable([], {}, {text: "http://127.0.0.1"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "routes.toml"
    path.write_text("one")
    return path


def test_untouched_file_has_not_changed(path: Path) -> None:
    file = RouteFile(path, load)
    assert [file.has_changed() for _ in range(3)] == [False] * 3


def test_file_that_is_being_written_waits_until_it_is_still(path: Path) -> None:
    file = RouteFile(path, load)
    for text in ("on", "on two", "on two three"):
        path.write_text(text)
        assert not file.has_changed()
    assert file.has_changed()
    assert file.reload().upstreams == {"on two three": "http://127.0.0.1"}
    assert not file.has_changed()


def test_file_put_in_the_place_of_another_is_another(path: Path) -> None:
    """Even of the same size and time, and behind a link that is swapped, as Kubernetes does."""
    stat = path.stat()
    link = path.with_name("link")
    link.symlink_to(path)
    file = RouteFile(link, load)
    other = path.with_name("other")
    other.write_text("two")
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    path.with_name("swap").symlink_to(other)
    path.with_name("swap").replace(link)
    assert [file.has_changed() for _ in range(2)] == [False, True]
    assert file.reload().upstreams == {"two": "http://127.0.0.1"}


def test_wrong_file_leaves_the_table_and_is_tried_once(path: Path) -> None:
    """R12"""
    file = RouteFile(path, load)
    for spoil in (lambda: path.write_text("bad"), path.unlink):
        spoil()
        assert [file.has_changed() for _ in range(2)] == [False, True]
        with pytest.raises(RoutesError):
            file.reload()
        assert not file.has_changed()
        assert file.table.upstreams == {"one": "http://127.0.0.1"}


def test_file_that_is_wrong_from_the_start_is_refused(path: Path) -> None:
    """R12"""
    path.write_text("bad")
    with pytest.raises(RoutesError):
        RouteFile(path, load)
