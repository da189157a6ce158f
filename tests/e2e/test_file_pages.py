"""The pages of files through the gateway, in every way that an installation is reached."""

import re

import aiohttp

from tests.e2e.places import Place, everywhere
from tests.e2e.visitor import Reply, Visitor
from tests.unit.file_service.headers.in_memory import picture

pytestmark = everywhere

_BROWSER = {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Site": "same-origin"}


async def _open(person: Visitor, place: Place, path: str) -> Reply:
    """Open a page by a path as pages and Location name it, and stay there."""
    return await person.call("GET", path.removeprefix(place.prefix), headers=_BROWSER, allow_redirects=False)


async def _send(person: Visitor, place: Place, page: Reply, action: str, **fields: str) -> Reply:
    """Send the page's form whose action ends so, and stay where it was sent."""
    form = re.search(rf'action="([^"]*{action})"[^>]*>\s*<input [^>]*value="([^"]*)"', page.body.decode())
    assert form is not None
    data = {"csrf_token": form[2], **fields}
    path = form[1].removeprefix(place.prefix)
    cookie = re.search(r"((?:__Host-)?visit=[^;]*)", page.headers.get("Set-Cookie", ""))
    headers = _BROWSER | ({"Cookie": cookie[1]} if cookie is not None else {})
    return await person.call("POST", path, data=data, headers=headers, allow_redirects=False)


async def test_nobody_is_led_to_sign_in_and_back(visitor: Visitor, place: Place) -> None:
    led = await _open(visitor, place, f"{place.prefix}/files")
    assert (led.status, led.headers["Location"]) == (303, f"{place.prefix}/account/sign-in?return_to=/files")
    there = await _open(visitor, place, led.headers["Location"])
    assert "return_to=/files" in there.body.decode()


async def test_profile_is_filled_in_and_gets_a_picture(ada: Visitor, place: Place) -> None:
    here = f"{place.prefix}/account/profile"
    page = await _open(ada, place, here)
    version = re.search(r'name="version" value="(\d+)"', page.body.decode())
    assert version is not None
    typed = {"version": version[1], "display_name": "Ada Lovelace", "bio": "", "visibility": "private"}
    saved = await _send(ada, place, page, "/account/profile", **typed)
    assert (saved.status, saved.headers["Location"]) == (303, here)

    upload = await _open(ada, place, f"{place.prefix}/files/avatar")
    token = re.search(r'csrf_token" value="([^"]*)"', upload.body.decode())
    assert token is not None
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("csrf_token", token[1])
    form.add_field("file", picture("PNG"), filename="me.png", content_type="image/png")
    sent = await ada.call("POST", "/files/avatar", data=form, headers=_BROWSER, allow_redirects=False)
    path, _, file_id = sent.headers["Location"].partition("?picture=")
    assert (sent.status, path) == (303, here)
    offered = await _open(ada, place, sent.headers["Location"])
    chosen = await _send(ada, place, offered, rf"/picture\?picture={file_id}", picture=file_id)
    assert (chosen.status, chosen.headers["Location"]) == (303, here)
    shown = re.search(r'<img src="([^"]*)"', (await _open(ada, place, here)).body.decode())
    assert shown is not None
    there = await ada.call("GET", shown[1].removeprefix(place.prefix), headers={"Authorization": ""})
    assert (there.status, there.headers["Content-Type"]) == (200, "image/webp")


async def test_file_is_uploaded_shared_and_had_by_a_stranger(ada: Visitor, grace: Visitor, place: Place) -> None:
    page = await _open(ada, place, f"{place.prefix}/files")
    token = re.search(r'csrf_token" value="([^"]*)"', page.body.decode())
    assert token is not None
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("csrf_token", token[1])
    form.add_field("file", b"for everybody", filename="notes.txt", content_type="text/plain")
    stored = await ada.call("POST", "/files", data=form, headers=_BROWSER, allow_redirects=False)
    assert (stored.status, stored.headers["Location"]) == (303, f"{place.prefix}/files")
    listed = (await _open(ada, place, stored.headers["Location"])).body.decode()
    link = re.search(rf'href="({place.prefix}/files/[0-9a-f-]+)"', listed)
    assert link is not None

    shared = await _send(ada, place, await _open(ada, place, link[1]), "/shares", lifetime="3600", once="true")
    assert shared.status == 303
    cookie = shared.headers["Set-Cookie"].partition(";")[0]
    told = await ada.call("GET", link[1].removeprefix(place.prefix), headers=_BROWSER | {"Cookie": cookie})
    url = re.search(rf"{re.escape(place.url)}(/s/\w+)", told.body.decode())
    assert url is not None
    stranger = Visitor(grace.url, grace.address, grace.session)
    there = await _open(stranger, place, place.prefix + url[1])
    assert "notes.txt" in there.body.decode()
    had = await _send(stranger, place, there, url[1])
    assert (had.status, had.body) == (200, b"for everybody")
    assert had.headers["Content-Disposition"] == 'attachment; filename="notes.txt"'
