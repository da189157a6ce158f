"""The pages of one's files as a browser without scripts meets them."""

import re
from uuid import uuid4

import pytest
from aiohttp import FormData

from shared.ids import uuid7
from tests.integration.file_service.page_visitor import PageVisitor, file_form
from tests.integration.file_service.running_service import RunningService
from tests.unit.file_service.headers.in_memory import picture

PNG = picture("PNG")


@pytest.fixture
def ada(service: RunningService) -> PageVisitor:
    return PageVisitor(service, uuid7())


async def stored(visitor: PageVisitor, name: str, content: bytes, content_type: str = "") -> str:
    """Store a file of the visitor's by the API, and return its page's path."""
    assert visitor.user_id is not None
    view = await visitor.service.person(visitor.user_id).upload(content, name, content_type)
    return f"/files/{view['id']}"


async def test_file_is_uploaded_by_the_form_listed_and_told(ada: PageVisitor) -> None:
    assert "Nothing is stored here yet." in (await ada.get("/files")).text
    done = await ada.upload("/files", "notes.txt", b"a line")
    shown = await ada.follow(done)
    assert shown.alerts == ["The file is stored."]
    assert "notes.txt" in shown.text
    assert "6 B" in shown.text
    assert (await ada.get("/files")).alerts == []


async def test_others_see_nothing_of_it(ada: PageVisitor, service: RunningService) -> None:
    path = await stored(ada, "notes.txt", b"a line")
    bob = PageVisitor(service, uuid7())
    assert "notes.txt" not in (await bob.get("/files")).text
    assert (await bob.get(path)).status == 404
    own = await stored(bob, "own.txt", b"another")
    token = (await bob.get(own)).forms[f"{own}/delete"].fields
    assert (await bob.post(f"{path}/delete", token)).status == 404
    assert (await ada.get(path)).status == 200


async def test_whoever_is_not_signed_in_is_led_to_sign_in_and_back(service: RunningService) -> None:
    """The gateway does it before that; nobody gets in past it."""
    nobody = PageVisitor(service)
    assert (await nobody.get("/files?cursor=x")).location == "/account/sign-in?return_to=/files%3Fcursor%3Dx"
    path = f"/files/{uuid4()}"
    assert (await nobody.get(path)).location == f"/account/sign-in?return_to={path}"
    assert (await nobody.post(f"{path}/delete", {})).location == f"/account/sign-in?return_to={path}"


async def test_file_is_deleted_from_its_page(ada: PageVisitor) -> None:
    path = await stored(ada, "notes.txt", b"a line")
    shown = await ada.follow(await ada.send(path, f"{path}/delete"))
    assert shown.alerts == ["The file is deleted."]
    assert (await ada.get(path)).status == 404


async def test_list_goes_on_by_links(ada: PageVisitor) -> None:
    for number in range(26):
        await stored(ada, f"{number:02}.txt", b"x")
    first = await ada.get("/files")
    assert ("25.txt" in first.text, "01.txt" in first.text) == (True, False)
    older = first.html.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = await ada.get(older)
    assert ("25.txt" in second.text, "01.txt" in second.text, "00.txt" in second.text) == (False, True, True)
    assert 'rel="next"' not in second.html
    token = second.forms[older.replace("&", "&amp;")].fields["csrf_token"]
    assert (await ada.post_form(older, file_form(token, "new.txt", b"x"))).location == "/files"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"onload="x', "a\u202egpj.exe", "x" * 300])
async def test_hostile_name_is_shown_as_text(ada: PageVisitor, name: str) -> None:
    """F11"""
    listed = await ada.follow(await ada.upload("/files", name, b"x"))
    path = "/files/" + listed.html.partition('<h2><a href="/files/')[2].partition('"')[0]
    for page in ("/files", path):
        shown = await ada.get(page)
        assert shown.status == 200
        assert "<script>alert" not in shown.html
        assert '"onload' not in shown.html
        assert "\u202e" not in shown.html


@pytest.mark.parametrize(
    ("name", "content", "shown_as"),
    [
        ("a.txt", b"<script>1</script>-like", None),
        ("a.txt", b"plain <script>1</script>", "pre"),
        ("a.html", b"<html><script>1</script></html>", None),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", None),
        ("a.json", b'{"a": 1}', "pre"),
        ("utf16.txt", "wörter".encode("utf-16"), "pre"),
        ("half.txt", b"caf\xc3", "pre"),
        ("empty.txt", b"", "pre"),
    ],
)
async def test_only_what_runs_nothing_is_shown(
    ada: PageVisitor, name: str, content: bytes, shown_as: str | None
) -> None:
    """F12"""
    content_type = "application/json" if name.endswith("json") else "text/plain"
    shown = await ada.get(await stored(ada, name, content, content_type))
    assert shown.status == 200
    assert ("<pre" in shown.html) == (shown_as == "pre")
    assert "<script>1" not in shown.html
    assert not {"<iframe", "<object", "<embed"} & set(shown.html.split())


async def test_long_text_is_cut(ada: PageVisitor) -> None:
    shown = await ada.get(await stored(ada, "long.txt", b"a" * 100_000, "text/plain"))
    assert 16_000 < shown.html.count("a") < 18_000
    assert "What it begins with" in shown.html


@pytest.mark.parametrize("case", ["none", "of another session", "after the file", "twice as long", "from another site"])
async def test_form_of_another_site_stores_nothing(ada: PageVisitor, service: RunningService, case: str) -> None:
    token = (await ada.get("/files")).forms["/files"].fields["csrf_token"]
    other = PageVisitor(service, ada.user_id)
    theirs = (await other.get("/files")).forms["/files"].fields["csrf_token"]
    forms = {
        "none": file_form(None, "a.txt", b"x"),
        "of another session": file_form(theirs, "a.txt", b"x"),
        "after the file": file_form(None, "a.txt", b"x"),
        "twice as long": file_form(token * 5, "a.txt", b"x"),
        "from another site": file_form(token, "a.txt", b"x"),
    }
    if case == "after the file":
        forms[case].add_field("csrf_token", token)
    site = "cross-site" if case == "from another site" else "same-origin"
    shown = await ada.post_form("/files", forms[case], Sec_Fetch_Site=site)
    assert shown.status == 403
    assert "a.txt" not in (await ada.get("/files")).text
    assert await service.fetch("select from files.blob where holder_id is not null") == []


async def test_form_without_a_file_is_told(ada: PageVisitor) -> None:
    shown = await ada.upload("/files", "", b"")
    assert (shown.status, shown.alerts) == (422, ["Choose a file first."])
    form = FormData({"csrf_token": shown.forms["/files"].fields["csrf_token"]}, default_to_multipart=True)
    shown = await ada.post_form("/files", form)
    assert shown.status == 400


async def test_form_of_another_type_is_refused(ada: PageVisitor) -> None:
    assert (await ada.send("/files")).status == 415


async def test_what_does_not_fit_is_told_above_the_form(small_service: RunningService) -> None:
    ada = PageVisitor(small_service, uuid7())
    shown = await ada.upload("/files", "large.bin", b"x" * 1_500_000)
    assert (shown.status, shown.headers["Connection"]) == (413, "close")  # the rest of the body isn't read
    assert shown.alerts == ["The file is larger than a file may be. At most: 977 KiB."]
    assert "/files" in shown.forms
    for _ in range(2):
        assert (await ada.upload("/files", "a.bin", b"x" * 900_000)).status == 303
    shown = await ada.upload("/files", "b.bin", b"x" * 900_000)
    assert (shown.status, shown.alerts) == (413, ["The file doesn't fit into the storage quota."])


async def test_pages_speak_german(ada: PageVisitor) -> None:
    ada.language = "de-AT, en;q=0.5"
    shown = await ada.follow(await ada.upload("/files", "brief.txt", b"x" * 1536))
    assert shown.alerts == ["Die Datei ist gespeichert."]
    assert "1,5 KiB" in shown.text
    assert '<html lang="de">' in shown.html


async def test_api_key_is_nobody_at_a_page(ada: PageVisitor, service: RunningService) -> None:
    assert ada.user_id is not None
    response = await service.public.get("/files", headers=service.asserted_user(ada.user_id), allow_redirects=False)
    assert response.status == 303


@pytest.mark.parametrize(
    ("verdict", "tag", "told"),
    [
        ("pending", "being checked", "It is being checked for viruses"),
        ("infected", "harmful", "It was found to be harmful, and isn't given out. Eicar"),
        ("skipped", "not checked", "It couldn't be checked for viruses"),
    ],
)
async def test_file_that_is_held_back_is_told_and_not_shown(
    ada: PageVisitor, service: RunningService, verdict: str, tag: str, told: str
) -> None:
    """F12, F14: the page is no way round the check."""
    path = await stored(ada, "notes.txt", b"a secret line", "text/plain")
    await service.fetch("update files.file set verdict = $1, threat = 'Eicar'", verdict)
    shown = await ada.get(path)
    assert told in shown.text
    assert "a secret line" not in shown.html
    assert "/content" not in shown.html
    assert f"{path}/delete" in shown.forms
    assert tag in (await ada.get("/files")).text


@pytest.mark.parametrize(
    ("place", "link", "current"),
    [
        ("/files", "/files", "page"),
        ("/files/upload-links", "/files/upload-links", "page"),
        ("", "/files", "true"),
        ("/files/avatar", "/account/profile", "true"),
    ],
)
async def test_navigation_says_where_one_is_and_leads_everywhere(
    ada: PageVisitor, place: str, link: str, current: str
) -> None:
    """To Sessions and to signing out too, which are another service's."""
    shown = await ada.get(place or await stored(ada, "notes.txt", b"a line"))
    assert '<nav class="side" aria-label="Account">' in shown.html
    assert f'<a href="{link}" aria-current="{current}">' in shown.html
    assert '<a href="/account/sessions">Sessions</a>' in shown.html
    assert shown.html.count("aria-current") == 1
    assert '<a class="button quiet" href="/account/sign-out">Sign out</a>' in shown.html


async def test_one_goes_back_page_by_page(ada: PageVisitor) -> None:
    for number in range(50):
        await stored(ada, f"file-{number:02}.txt", b"x")

    async def follow(page: str, rel: str) -> tuple[str, list[str]]:
        found = re.search(rf'rel="{rel}" href="([^"]+)"', (await ada.get(page)).html)
        assert found is not None, page
        return found[1], re.findall(r"file-\d\d", "".join((await ada.get(found[1])).html.split("<h2>")[1:]))

    first = "/files"
    second, names = await follow(first, "next")
    third, _ = await follow(second, "next")
    assert 'rel="next"' not in (await ada.get(third)).html
    back, again = await follow(third, "prev")
    assert again == names
    found = re.search(r'rel="prev" href="([^"]+)"', (await ada.get(back)).html)
    assert found is not None
    assert (await ada.get(found[1])).location == "/files"


async def test_picture_of_oneself_is_stored_as_an_avatar_and_led_to_the_profile(ada: PageVisitor) -> None:
    page = await ada.get("/files/avatar")
    assert 'accept="image/jpeg,image/png,image/webp,image/gif"' in page.html
    assert "JPEG, PNG, WebP or GIF, up to 5 MiB" in page.text
    done = await ada.upload("/files/avatar", "me.png", PNG)
    path, _, file_id = done.location.partition("?picture=")
    assert path == "/account/profile"
    assert ada.user_id is not None
    told = await ada.service.person(ada.user_id).get(f"/v1/files/{file_id}")
    assert (await told.json())["purpose"] == "avatar"
    assert f'href="/account/profile?picture={file_id}"' in (await ada.get(f"/files/{file_id}")).html
    other = await stored(ada, "me.png", PNG)
    assert "?picture=" not in (await ada.get(other)).html


async def test_what_is_no_picture_is_told_on_the_page(ada: PageVisitor) -> None:
    refused = await ada.upload("/files/avatar", "me.png", b"a line")
    assert refused.status == 422
    assert refused.alerts == ["Files of this type may not be stored. Allowed: JPEG, PNG, WebP or GIF."]
    assert "/files/avatar" in refused.forms
    ada.language = "de"
    refused = await ada.upload("/files/avatar", "me.png", b"a line")
    told = ["Dateien dieser Art dürfen nicht gespeichert werden. Erlaubt: JPEG, PNG, WebP oder GIF."]
    assert refused.alerts == told
    ada.language = "en"
    forged = await ada.post_form("/files/avatar", file_form("forged", "me.png", PNG))
    assert forged.status == 403
    assert "Nothing is stored here yet." in (await ada.get("/files")).text
