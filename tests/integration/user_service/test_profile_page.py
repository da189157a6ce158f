"""The page of one's own profile, as a person without scripts has it."""

from collections.abc import AsyncIterator
from html import escape
from uuid import UUID

import pytest

from shared.identity import ANONYMOUS, Identity, Kind
from shared.ids import uuid7
from tests.integration.page_visitor import PageVisitor
from tests.integration.user_service.files_stand_in import FilesStandIn
from tests.integration.user_service.running_service import Person, RunningService, running_service
from tests.integration.user_service.test_avatars import picture
from tests.stores import Databases

PROFILE, PICTURE = "/account/profile", "/account/profile/picture"
ADA = {"display_name": "Ada Lovelace", "bio": "Counts.", "visibility": "public"}


@pytest.fixture(scope="module")
async def files() -> FilesStandIn:
    return FilesStandIn()


@pytest.fixture(scope="module")
async def service(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, files: FilesStandIn
) -> AsyncIterator[RunningService]:
    server, folder = files.server(), tmp_path_factory.mktemp("pages")
    await server.start_server()
    environment = {"FILE_INTERNAL_URL": str(server.make_url(""))}
    async with databases.clone("user_service") as urls, running_service(urls, folder, **environment) as running:
        yield running
    await server.close()


@pytest.fixture
def visitor(service: RunningService, ada: Person) -> PageVisitor:
    return PageVisitor(service, ada.user_id)


async def stored(person: Person) -> dict[str, str]:
    told = await (await person.get("/v1/users/me")).json()
    return {name: told[name] for name in ADA}


async def test_profile_is_filled_in_and_told_to_programs_too(visitor: PageVisitor, ada: Person) -> None:
    sent = await visitor.send(PROFILE, **(ADA | {"bio": "  Counts.\r\nAnd writes. "}))
    assert sent.location == PROFILE
    shown = await visitor.follow(sent)
    assert shown.alerts == ["Your profile is saved."]
    assert await stored(ada) == ADA | {"bio": "Counts.\nAnd writes."}
    assert 'value="Ada Lovelace"' in shown.html
    assert ">\nCounts.\nAnd writes.</textarea>" in shown.html
    assert '<option value="public" selected>' in shown.html
    assert shown.headers["Cache-Control"] == "no-store"


async def test_everything_can_be_taken_back(visitor: PageVisitor, ada: Person) -> None:
    await visitor.send(PROFILE, **ADA)
    await visitor.send(PROFILE, display_name=" ", bio="", visibility="private")
    assert await stored(ada) == {"display_name": "", "bio": "", "visibility": "private"}
    assert '<option value="private" selected>' in (await visitor.get(PROFILE)).html


async def test_what_breaks_a_rule_is_told_at_its_field_and_nothing_typed_is_lost(
    visitor: PageVisitor, ada: Person
) -> None:
    visitor.language = "de"
    refused = await visitor.send(PROFILE, display_name="Colonnade Support", bio="a" * 2001, visibility="private")
    assert refused.status == 422
    assert refused.alerts == [
        "Darf nicht wie ein Name der Betreiber aussehen, etwa Admin oder Support.",
        "Darf höchstens 2000 Zeichen haben.",
    ]
    assert 'value="Colonnade Support"' in refused.html
    assert "a" * 2001 in refused.html
    assert '<option value="private" selected>' in refused.html
    assert await stored(ada) == {"display_name": "", "bio": "", "visibility": "public"}


async def test_stale_form_is_told_and_neither_side_is_lost(visitor: PageVisitor, ada: Person) -> None:
    """Whoever saves last doesn't undo what they never saw."""
    form = (await visitor.get(PROFILE)).forms[PROFILE]
    await ada.patch({"display_name": "Augusta", "bio": "Said elsewhere."})

    refused = await visitor.post(PROFILE, form.fields | ADA)

    assert refused.status == 409
    assert refused.alerts == ["The profile was changed elsewhere meanwhile."]
    assert "Augusta" in refused.text
    assert "Said elsewhere." in refused.text
    assert 'value="Ada Lovelace"' in refused.html
    assert ">\nCounts.</textarea>" in refused.html
    assert (await stored(ada))["display_name"] == "Augusta"
    sent = await visitor.post(PROFILE, refused.forms[PROFILE].fields | ADA)
    assert sent.location == PROFILE
    assert await stored(ada) == ADA


async def test_stale_form_that_breaks_a_rule_is_told_of_both(visitor: PageVisitor, ada: Person) -> None:
    form = (await visitor.get(PROFILE)).forms[PROFILE]
    await ada.patch({"bio": "Said elsewhere."})
    refused = await visitor.post(PROFILE, form.fields | ADA | {"display_name": "admin"})
    assert (refused.status, refused.alerts) == (
        422,
        ["Must not be taken for one of the operator's names, as Admin or Support."],
    )
    assert "Said elsewhere." in refused.text


async def test_text_is_never_markup(visitor: PageVisitor, ada: Person) -> None:
    text = "</textarea><script>alert(1)</script>\"'&"
    await ada.patch({"display_name": "<b>Ada</b>", "bio": text})
    html = (await visitor.get(PROFILE)).html
    assert "alert(1)</script>" not in html
    assert "<b>" not in html
    assert escape(text, quote=False) in html.replace("&#34;", '"').replace("&#39;", "'")


async def test_picture_is_seen_before_it_is_shown_to_others(
    visitor: PageVisitor, files: FilesStandIn, ada: Person
) -> None:
    one, other = picture(files, ada.user_id), picture(files, ada.user_id)
    assert "No picture yet" in (await visitor.get(PROFILE)).html
    for each in (one, other):
        page = f"{PROFILE}?picture={each}"
        offered = await visitor.get(page)
        assert f'src="/v1/files/avatars/{each}?size=256"' in offered.html
        action = next(action for action in offered.forms if action.startswith(f"{PICTURE}?"))
        shown = await visitor.follow(await visitor.send(page, action))
        assert shown.alerts == ["You are shown by this picture now."]
        assert (await (await ada.get("/v1/users/me")).json())["avatar"] == each
        assert "Show yourself by this one?" not in (await visitor.get(page)).html

    removed = await visitor.follow(await visitor.send(PROFILE, f"{PICTURE}/remove"))
    assert removed.alerts == ["You are shown by no picture any more."]
    assert (await (await ada.get("/v1/users/me")).json())["avatar"] is None


async def test_another_persons_file_is_no_picture(visitor: PageVisitor, files: FilesStandIn, ada: Person) -> None:
    """F14."""
    page = f"{PROFILE}?picture={picture(files, uuid7())}"
    form = next(
        form for action, form in (await visitor.get(page)).forms.items() if "?picture=" in action and "/pic" in action
    )
    refused = await visitor.post(form.action, form.fields)
    assert refused.status == 422
    assert refused.alerts[0].startswith("The file can't be an avatar.")
    assert (await (await ada.get("/v1/users/me")).json())["avatar"] is None


async def test_picture_waits_for_file_service(visitor: PageVisitor, files: FilesStandIn, ada: Person) -> None:
    page = f"{PROFILE}?picture={picture(files, ada.user_id)}"
    form = next(form for action, form in (await visitor.get(page)).forms.items() if action.startswith(f"{PICTURE}?"))
    files.status = 500
    try:
        refused = await visitor.post(form.action, form.fields)
    finally:
        files.status = 200
    assert refused.status == 503
    assert form.action in refused.forms  # and may be sent again


@pytest.mark.parametrize(("action", "fields"), [(PROFILE, ADA | {"version": "1"}), (f"{PICTURE}/remove", {})])
async def test_form_of_another_site_changes_nothing(
    visitor: PageVisitor, ada: Person, action: str, fields: dict[str, str]
) -> None:
    """Neither without its token, nor with that of another session, nor sent from elsewhere."""
    await ada.patch({"bio": "Mine."})
    form = (await visitor.get(PROFILE)).forms[PROFILE]
    token = {"csrf_token": form.fields["csrf_token"]}
    other = PageVisitor(visitor.service, ada.user_id)
    assert (await visitor.post(action, fields)).status == 403
    assert (await other.post(action, fields | token)).status == 403
    assert (await visitor.post(action, fields | token, Sec_Fetch_Site="cross-site")).status == 403
    assert (await stored(ada))["bio"] == "Mine."


@pytest.mark.parametrize("query", ["?picture=x", "?picture=", "?x=1", f"?picture={UUID(int=1)}&picture={UUID(int=2)}"])
async def test_query_of_another_shape_is_refused(visitor: PageVisitor, query: str) -> None:
    assert (await visitor.get(PROFILE + query)).status == 400


async def test_form_of_another_shape_is_refused(visitor: PageVisitor) -> None:
    form = (await visitor.get(PROFILE)).forms[PROFILE]
    for wrong in ({"visibility": "secret"}, {"version": "1" * 21}, {"x": "1"}):
        assert (await visitor.post(PROFILE, form.fields | ADA | wrong)).status == 400


@pytest.mark.parametrize("wrong", ["\0", "\u202e", "a" * 300_000], ids=["NUL", "direction", "long"])
async def test_hostile_text_is_refused_and_nothing_is_saved(visitor: PageVisitor, ada: Person, wrong: str) -> None:
    form = (await visitor.get(PROFILE)).forms[PROFILE]
    refused = await visitor.post(PROFILE, form.fields | ADA | {"display_name": f"Ada{wrong}"})
    assert refused.status in (400, 413, 422)
    assert (await visitor.post(PROFILE, form.fields | ADA | {"version": f"1{wrong}"})).status in (400, 409, 413)
    assert (await stored(ada))["display_name"] == ""


async def test_whoever_has_no_session_is_led_to_sign_in_and_back(service: RunningService, ada: Person) -> None:
    """A program with an API key is nobody at a page."""
    key = Identity(Kind.USER, str(ada.user_id), scopes=("full",))
    for identity in (ANONYMOUS, key):
        answer = await service.public.get(PROFILE, headers=service.asserted(identity), allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, f"/account/sign-in?return_to={PROFILE}")
