"""Links to files and for files, by pages: their owners', and those that the links lead to."""

import re

import pytest
from aiohttp import ClientResponse

from shared.ids import uuid7
from shared.web.pages.forms import TOKEN_FIELD
from tests.integration.file_service.page_visitor import PageVisitor, file_form
from tests.integration.file_service.running_service import RunningService
from tests.integration.pages_read import Shown

CONTENT = b"a line to be shared"


@pytest.fixture
def ada(service: RunningService) -> PageVisitor:
    return PageVisitor(service, uuid7())


@pytest.fixture
def stranger(service: RunningService) -> PageVisitor:
    return PageVisitor(service)


@pytest.fixture
async def path(ada: PageVisitor, service: RunningService) -> str:
    """The page of a file of Ada's."""
    assert ada.user_id is not None
    view = await service.person(ada.user_id).upload(CONTENT, "notes.txt", "text/plain")
    return f"/files/{view['id']}"


def told_link(shown: Shown) -> str:
    """Return the path of the link that a page tells."""
    found = re.search(r"<code class=\"secret\"[^>]*>http://127.0.0.1:8080(/[^<]+)</code>", shown.html)
    assert found is not None, shown.text
    return found[1]


async def share(ada: PageVisitor, path: str, **wish: str) -> str:
    done = await ada.send(path, f"{path}/shares", lifetime="3600", **wish)
    shown = await ada.follow(done)
    assert shown.alerts == ["The link is made."]
    return told_link(shown)


async def download(visitor: PageVisitor, page: str, password: str | None = None) -> ClientResponse:
    """Press the page's button, as a browser does that saves what comes."""
    form = (await visitor.get(page)).forms[page]
    fields = form.fields | ({} if password is None else {"password": password})
    headers = visitor.service.asserted(visitor.identity) | {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    visitor.service.public.session.cookie_jar.clear()
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    return await visitor.service.public.post(form.action, data=fields, headers=headers | {"Cookie": cookies})


async def test_link_is_told_once_and_leads_to_the_file(ada: PageVisitor, stranger: PageVisitor, path: str) -> None:
    link = await share(ada, path)
    assert link not in (await ada.get(path)).html
    shown = await stranger.get(link)
    assert (shown.status, shown.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert "notes.txt" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    content = re.search(r'href="http://127.0.0.1:8080(/v1/files/shared/[^"]+/content)" download', shown.html)
    assert content is not None
    answer = await stranger.service.public.get(content[1], headers=stranger.service.asserted(stranger.identity))
    assert await answer.read() == CONTENT


async def test_link_for_one_download_outlives_those_who_look(
    ada: PageVisitor, stranger: PageVisitor, path: str
) -> None:
    """Scanners fetch links, and what a page links to; they press no buttons."""
    link = await share(ada, path, once="true", download_name="mine.txt")
    for _ in range(3):
        shown = await stranger.get(link)
        assert "/content" not in shown.html
    answer = await download(stranger, link)
    assert (answer.status, await answer.read()) == (200, CONTENT)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mine.txt"'
    stranger.language = "de"
    shown = await stranger.get(link)
    assert (shown.status, "Dieser Link ist verbraucht oder abgelaufen" in shown.text) == (410, True)
    assert "used" in (await ada.get(path)).text


async def test_password_is_asked_for_and_a_wrong_one_told(ada: PageVisitor, stranger: PageVisitor, path: str) -> None:
    link = await share(ada, path, password="correct horse")
    shown = await stranger.send(link, password="wrong horse")
    assert (shown.status, shown.alerts) == (403, ["That isn't the link's password."])
    assert shown.forms[link].fields["password"] == ""
    assert (await stranger.send(link, password="")).status == 403
    answer = await download(stranger, link, "correct horse")
    assert await answer.read() == CONTENT


async def test_passwords_are_guessed_ten_times_and_no_more(ada: PageVisitor, stranger: PageVisitor, path: str) -> None:
    """A10 in spirit."""
    link = await share(ada, path, password="correct horse")
    for _ in range(10):
        assert (await stranger.send(link, password="wrong horse")).status == 403
    shown = await stranger.send(link, password="correct horse")
    assert (shown.status, "Retry-After" in shown.headers) == (429, True)


async def test_form_of_another_site_downloads_nothing(ada: PageVisitor, stranger: PageVisitor, path: str) -> None:
    link = await share(ada, path, once="true")
    fields = (await stranger.get(link)).forms[link].fields
    assert (await stranger.post(link, fields, Sec_Fetch_Site="cross-site")).status == 403
    assert (await stranger.post(link, fields | {TOKEN_FIELD: "x"})).status == 403
    assert (await stranger.get(link)).status == 200


async def test_short_password_is_told_beside_its_field(ada: PageVisitor, path: str) -> None:
    shown = await ada.send(path, f"{path}/shares", lifetime="3600", password="short")
    assert (shown.status, shown.alerts) == (422, ["A link's password needs at least 6 characters."])
    assert 'id="password-fault"' in shown.html
    assert "<details" in shown.html
    assert 'class="other panel" open' in shown.html
    assert "short<" not in shown.html


async def test_revoked_link_leads_nowhere(ada: PageVisitor, stranger: PageVisitor, path: str) -> None:
    link = await share(ada, path)
    revoke = next(action for action in (await ada.get(path)).forms if action.endswith("/revoke"))
    shown = await ada.follow(await ada.send(path, revoke))
    assert shown.alerts == ["The link is revoked."]
    shown = await stranger.get(link)
    assert (shown.status, "whoever gave it to you can send another" in shown.text) == (404, True)
    stranger.language = "de"
    assert "wer ihn Ihnen gab, kann einen neuen schicken" in (await stranger.get(link)).text


async def test_owner_lets_browsers_show_the_file(ada: PageVisitor, stranger: PageVisitor, path: str) -> None:
    plain, shown = await share(ada, path), await share(ada, path, inline="true")
    assert (await ada.get(path)).text.count("shown in the browser") == 2  # the choice, and one of two
    assert ">Open</a>" not in (await stranger.get(plain)).html
    content = re.search(r'href="http://127.0.0.1:8080(/v1/[^"]+)">Open</a>', (await stranger.get(shown)).html)
    assert content is not None
    answer = await stranger.service.public.get(content[1], headers=stranger.service.asserted(stranger.identity))
    assert answer.headers["Content-Disposition"] == 'inline; filename="notes.txt"'


TEXT = ("notes.txt", CONTENT, "text/plain")
SONG = ("a.mp3", b"ID3\4\0\0\0\0\0\0" + bytes(90), "audio/mpeg")
PAGE = ("a.html", b"<html></html>", "text/html")


@pytest.mark.parametrize(
    ("file", "button", "how"),
    [(TEXT, "Open", "inline"), (SONG, "Download", "attachment"), (PAGE, "Download", "attachment")],
)
async def test_form_of_a_link_shows_what_its_answer_can(
    ada: PageVisitor, stranger: PageVisitor, file: tuple[str, bytes, str], button: str, how: str
) -> None:
    """Around a film or recording browsers ask again, by GET, which leads to the form."""
    assert ada.user_id is not None
    name, content, content_type = file
    view = await ada.service.person(ada.user_id).upload(content, name, content_type)
    assert view["content_type"] == content_type
    page = f"/files/{view['id']}"
    assert ('name="inline"' in (await ada.get(page)).html) == (file != PAGE)
    link = await share(ada, page, inline="true", once="true")
    assert f"<button>{button}</button>" in (await stranger.get(link)).html
    answer = await download(stranger, link)
    assert answer.headers["Content-Disposition"] == f'{how}; filename="{name}"'


async def test_links_of_one_name_are_told_apart(ada: PageVisitor, path: str) -> None:
    for _ in range(2):
        await share(ada, path, download_name="<a>.txt")
    html = (await ada.get(path)).html
    assert html.count("<h3>&lt;a&gt;.txt</h3>") == html.count("<h3>&lt;a&gt;.txt (2)</h3>") == 1
    names = re.findall(r'aria-label="(Revoke: [^"]+)"', html)
    assert len(set(names)) == 2
    for _ in range(2):
        await make_upload_link(ada, note="Photos")
    names = re.findall(r'aria-label="(Revoke: [^"]+)"', (await ada.get("/files/upload-links")).html)
    assert len(set(names)) == 2


async def test_others_cannot_share_rename_publish_or_revoke(
    ada: PageVisitor, service: RunningService, path: str
) -> None:
    """U1"""
    bob = PageVisitor(service, uuid7())
    await share(ada, path)
    revoke = next(action for action in (await ada.get(path)).forms if action.endswith("/revoke"))
    token = {TOKEN_FIELD: (await bob.get("/files/upload-links")).forms["/files/upload-links"].fields[TOKEN_FIELD]}
    for action, fields in (
        (revoke, {}),
        (f"{path}/shares", {"lifetime": "3600"}),
        (f"{path}/name", {"name": "mine"}),
        (f"{path}/publication", {"public": "true"}),
    ):
        assert (await bob.post(action, token | fields)).status == 404, action
    assert "notes.txt" in (await ada.get(path)).text


async def test_file_is_renamed(ada: PageVisitor, path: str) -> None:
    """F11"""
    shown = await ada.follow(await ada.send(path, f"{path}/name", name="../<b>new</b>\u202e.txt"))
    assert shown.alerts == ["The file has a new name."]
    assert "b&gt;.txt" in shown.html
    assert (await ada.send(path, f"{path}/name", name="")).status == 400


async def test_file_is_published_and_made_private_again(ada: PageVisitor, stranger: PageVisitor, path: str) -> None:
    shown = await ada.follow(await ada.send(path, f"{path}/publication", public="true"))
    assert shown.alerts == ["Anybody can read the file now."]
    public = told_link(shown)
    asked = stranger.service.asserted(stranger.identity)
    assert await (await stranger.service.public.get(public, headers=asked)).read() == CONTENT
    await ada.send(path, f"{path}/publication")
    assert (await stranger.service.public.get(public, headers=asked)).status == 404


async def make_upload_link(ada: PageVisitor, **wish: str) -> str:
    shown = await ada.follow(await ada.send("/files/upload-links", lifetime="3600", **wish))
    assert shown.alerts == ["The link is made."]
    return told_link(shown)


async def test_stranger_sends_a_file_by_an_upload_link(ada: PageVisitor, stranger: PageVisitor) -> None:
    link = await make_upload_link(ada, note="The photos of <Sunday>", max_files="2")
    shown = await stranger.get(link)
    assert (shown.status, shown.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert "The photos of <Sunday>" in shown.text
    done = await stranger.upload(link, "photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF")
    shown = await stranger.follow(done)
    assert shown.alerts == ["Thank you, the file has arrived."]
    listed = await ada.get("/files")
    assert "photo.jpg" in listed.text
    assert "1 of 2 files" in (await ada.get("/files/upload-links")).text
    await stranger.upload(link, "photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0")
    assert (await stranger.get(link)).status == 410


async def test_dropping_needs_the_forms_token(ada: PageVisitor, stranger: PageVisitor, service: RunningService) -> None:
    link = await make_upload_link(ada)
    other = PageVisitor(service)
    theirs = (await other.get(link)).forms[link].fields[TOKEN_FIELD]
    await stranger.get(link)
    assert (await stranger.post_form(link, file_form(theirs, "a.txt", b"x"))).status == 403
    assert "Nothing is stored here yet." in (await ada.get("/files")).text


async def test_more_than_the_link_allows_is_told(ada: PageVisitor, stranger: PageVisitor) -> None:
    link = await make_upload_link(ada, mebibytes="1")
    shown = await stranger.upload(link, "large.bin", b"x" * 1_200_000)
    assert shown.status == 413
    assert shown.alerts == ["The file is larger than what may still be sent by this link."]


async def test_link_for_some_kinds_of_files_says_which(ada: PageVisitor, stranger: PageVisitor) -> None:
    page = await ada.get("/files/upload-links")
    assert '<option value="file" selected>Files: of every kind, up to 1 GiB</option>' in page.html
    assert '<option value="picture">Pictures: JPEG, PNG, WebP or GIF, up to 50 MiB</option>' in page.html
    link = await make_upload_link(ada, purpose="picture")
    assert "0 B of 1 GiB · Pictures" in (await ada.get("/files/upload-links")).text
    shown = await stranger.get(link)
    assert "Allowed: JPEG, PNG, WebP or GIF. Up to 50 MiB each." in shown.text
    assert 'accept="image/jpeg,image/png,image/webp,image/gif"' in shown.html
    assert "may not be stored. Allowed: JPEG, PNG, WebP or GIF." in shown.html  # for the script
    refused = await stranger.upload(link, "notes.txt", b"a line")
    told = ["Files of this type may not be stored. Allowed: JPEG, PNG, WebP or GIF."]
    assert (refused.status, refused.alerts) == (422, told)
    unknown = await ada.send("/files/upload-links", lifetime="3600", purpose="nothing")
    assert (unknown.status, unknown.alerts[0][:39]) == (422, "There is no such purpose of files. The ")
    stranger.language = "de"
    assert "Erlaubt: JPEG, PNG, WebP oder GIF. Je bis zu 50 MiB groß." in (await stranger.get(link)).text


async def test_upload_link_is_revoked(ada: PageVisitor, stranger: PageVisitor) -> None:
    link = await make_upload_link(ada)
    page = "/files/upload-links"
    revoke = next(action for action in (await ada.get(page)).forms if action.endswith("/revoke"))
    shown = await ada.follow(await ada.send(page, revoke))
    assert shown.alerts == ["The link is revoked. What came by it stays."]
    assert (await stranger.get(link)).status == 404


@pytest.mark.parametrize("link", ["/s/x", f"/s/cols_{'A' * 49}", "/drop/x", f"/drop/cold_{'A' * 49}"])
async def test_invented_link_leads_nowhere(stranger: PageVisitor, link: str) -> None:
    assert (await stranger.get(link)).status == 404
    assert (await stranger.post(link, {})).status in (404, 415)
