import json

import pytest

from shared.errors import AppError, Forbidden, InternalError, NotFound, Unauthenticated, Unavailable, Violation
from shared.web.pages.problems import Asked, ProblemPages, Words
from shared.web.problem import prefers_html, render_problem
from tests.unit.shared.web.small_service import THING_ID, SmallService

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_problem_has_the_members_of_rfc_9457_and_ours() -> None:
    error = Forbidden("Not yours.", errors=[Violation("/name", "too long")])
    rendered = render_problem(error, Asked("/v1/things/1", "application/json"), request_id="request-1")
    assert rendered.status == 403
    assert rendered.headers == {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    assert json.loads(rendered.body) == {
        "type": "urn:colonnade:problem:forbidden", "title": "This is not allowed", "status": 403,
        "detail": "Not yours.", "instance": "/v1/things/1", "code": "forbidden", "request_id": "request-1",
        "errors": [{"pointer": "/name", "detail": "too long"}],
    }  # fmt: skip


def test_detail_is_the_title_where_nobody_knows_more() -> None:
    rendered = render_problem(NotFound(), Asked("/"), request_id="r")
    document = json.loads(rendered.body)
    assert document["detail"] == document["title"]
    assert "errors" not in document


def test_headers_of_the_failure_are_kept() -> None:
    rendered = render_problem(Unavailable(retry_after=7), Asked("/", BROWSER), request_id="r")
    assert rendered.headers["Retry-After"] == "7"


def test_every_401_challenges_and_its_raiser_may_say_more() -> None:
    plain = render_problem(Unauthenticated(), Asked("/"), request_id="r")
    assert plain.headers["WWW-Authenticate"] == "Bearer"
    more = Unauthenticated(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    told = render_problem(more, Asked("/"), request_id="r")
    assert told.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (BROWSER, True),
        ("text/html", True),
        (" text/html;q=0.9", True),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/html", False),
        ("application/problem+json", False),
        ("text/htmlx", False),
        ("TEXT/HTML", True),
    ],
)
def test_browser_that_navigates_gets_a_page(accept: str, *, html: bool) -> None:
    assert prefers_html(accept) == html


async def test_page_shows_markup_as_text(service: SmallService) -> None:
    answer = await service.ask("DELETE", f"/v1/things/{THING_ID}", headers={"Accept": BROWSER})
    assert (answer.status, answer.content_type, answer.charset) == (409, "text/html", "utf-8")
    page = await answer.text()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(" in page
    assert "thing_locked" in page
    assert '<a href="/">' in page  # no dead end
    assert answer.headers["X-Request-Id"] in page


async def test_program_gets_the_same_failure_as_json(service: SmallService) -> None:
    answer = await service.ask("DELETE", f"/v1/things/{THING_ID}")
    document = await answer.json()
    assert document["detail"].startswith("<script>")
    assert document["instance"] == f"/v1/things/{THING_ID}"
    assert document["errors"] == [{"pointer": "/name", "detail": "is <b>bold</b>"}]


def page_of(error: AppError, language: str = "en", method: str = "GET", path: str = "/") -> str:
    return render_problem(error, Asked(path, BROWSER, language, method), request_id="request-1").body.decode()


def test_page_says_in_the_readers_language_what_it_means_and_keeps_what_helpers_ask_for() -> None:
    english, german = page_of(NotFound()), page_of(NotFound(), "de-AT,de;q=0.9,en;q=0.5")
    assert '<html lang="en">' in english
    assert "whoever gave it to you can send another." in english
    assert '<html lang="de">' in german
    assert "<h1>Hier ist nichts</h1>" in german
    assert "Zum Inhalt springen" in german
    for page in (english, german):
        assert "<code>not_found</code> (404)" in page
        assert "<code>request-1</code>" in page


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(1, "Try again in a moment."), (45, "Wait 45 seconds"), (121, "Wait 3 minutes"), (7201, "Wait 3 hours")],
)
def test_page_says_how_long_to_wait(seconds: int, told: str) -> None:
    page = page_of(Unavailable("Database gone.", retry_after=seconds))
    assert told in page
    assert "Database" not in page
    assert 'href="">Try again</a>' in page


def test_form_that_came_to_nothing_can_be_sent_again() -> None:
    page = page_of(Unavailable(), method="POST")
    assert "Reload this page" in page
    assert "data-again" in page
    assert 'href=""' not in page


def test_form_of_which_nobody_knows_what_came_is_not_just_sent_again() -> None:
    page = page_of(InternalError(), method="POST")
    assert "look before you send it again" in page
    assert "data-again" not in page
    assert "Reload" not in page


def test_service_has_words_of_its_own() -> None:
    pages = ProblemPages("/below", {"forbidden": Words("Not for <you>", "Ask Ada.")})
    page = render_problem(Forbidden(), Asked("/", BROWSER), request_id="r", pages=pages).body.decode()
    assert "<h1>Not for &lt;you&gt;</h1>" in page
    assert '<a href="/below/">' in page


@pytest.mark.parametrize("status", [418, 599])
def test_failure_of_an_unknown_kind_has_words_too(status: int) -> None:
    error = Forbidden()
    error.status = status  # type: ignore[misc]  # as of a kind that is yet to come
    heading = "Something went wrong on our side" if status == 599 else "This can&#39;t be understood"
    assert f"<h1>{heading}</h1>" in page_of(error)
