from gateway.status.recorder import EVERY, Point
from gateway.status.tiles import History, Tile, failed_share, history, tiles

BOUNDS = (0.1, 1.0, float("inf"))


def point(at: float, fast: float, slow: float = 0.0, **more: float) -> Point:
    seconds = (fast, fast + slow, fast + slow)
    return Point(
        at, more.get("failed", 0.0), more.get("limited", 0.0), more.get("in_flight", 0.0), seconds, (1.0, 1.0, 1.0)
    )


def named(it: History) -> dict[str, Tile]:
    return {tile.title: tile for tile in tiles(it)}


def test_figures_are_of_the_last_minute() -> None:
    points = [point(number * EVERY, number * 150.0) for number in range(20)]
    it = history(points, point(20 * EVERY, 3_000.0, limited=60.0, in_flight=7.0), BOUNDS, BOUNDS)
    shown = named(it)
    assert shown["Requests"].value == "10 /s"
    assert shown["Refused by limits"].value == "1 /s"
    assert shown["In flight"].value == "7"
    assert shown["Time to answer"].value == "99 ms"
    assert shown["Failed"].value == "0 %"


def test_a_figure_that_is_too_large_is_marked() -> None:
    it = history([point(0, 0)], point(60, 100, failed=5), BOUNDS, BOUNDS)
    assert failed_share(it.points[0], it.points[1]) == 0.05
    assert named(it)["Failed"].bad
    assert not named(history([point(0, 0)], point(60, 1000, failed=5), BOUNDS, BOUNDS))["Failed"].bad


def test_first_moment_has_no_figures_yet() -> None:
    shown = named(history([], point(0, 0), BOUNDS, BOUNDS))
    assert shown["Requests"].value == "\u2013 /s"
    assert shown["Requests"].chart.lines[0].line == ""


def test_counters_that_began_anew_leave_a_gap() -> None:
    it = history([point(0, 100), point(15, 200)], point(30, 5), BOUNDS, BOUNDS)
    assert it.series(failed_share) == [0.0, None]


def test_moment_right_after_a_point_takes_its_place() -> None:
    """Between the two there would be next to nothing, and its rates would be wild."""
    it = history([point(0, 0), point(15, 10)], point(15.1, 11), BOUNDS, BOUNDS)
    assert [each.at for each in it.points] == [0, 15.1]
