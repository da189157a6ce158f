"""Every page, light and dark, wide and narrow: nothing in it keeps anybody out, and a screenshot is kept to look at."""

import pytest

from auth_service.routes.pages import PAGES
from tests.browser.conftest import Looks, Visit
from tests.browser.person import Person

_SHOWN = [route for route in PAGES if route.method == "GET" and route.page is not None and "{" not in route.path]
OUTSIDE = [route.path for route in _SHOWN if route.page and not route.page.signed_in] + ["/", "/nowhere"]
INSIDE = [route.path for route in _SHOWN if route.page and route.page.signed_in]
WINDOWS = [{"dark": False}, {"dark": True}, {"phone": True}, {"phone": True, "dark": True}]


def _name(path: str, window: dict[str, bool]) -> str:
    kinds = [kind for kind, wanted in window.items() if wanted]
    return "-".join([path.strip("/").replace("/", "-") or "front", *sorted(kinds)])


async def _examine(person: Person, path: str, window: dict[str, bool], looks: Looks) -> None:
    await person.open(path)
    await looks(person, _name(path, window))
    assert await person.barriers() == []
    assert not await person.overflows()
    await person.page.set_viewport_size({"width": 320, "height": 600})
    assert not await person.overflows()
    assert person.complaints == []


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: _name("", window))
async def test_pages_before_signing_in_are_open_to_everybody(
    visit: Visit, looks: Looks, window: dict[str, bool]
) -> None:
    person = await visit(**window)
    for path in OUTSIDE:
        await _examine(person, path, window, looks)
        await person.page.set_viewport_size({"width": 375 if window.get("phone") else 1280, "height": 800})


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: _name("", window))
async def test_pages_inside_are_open_to_everybody(visit: Visit, looks: Looks, window: dict[str, bool]) -> None:
    person = await visit(**window)
    await person.register()
    for path in INSIDE:
        await _examine(person, path, window, looks)
        await person.page.set_viewport_size({"width": 375 if window.get("phone") else 1280, "height": 800})
